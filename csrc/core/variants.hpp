// A kernel source compiled once per instruction set exports one constant table of functions in a namespace of that
// name; everything else in it has internal linkage. This declares the tables and picks among them.
#pragma once

#include "core/isa.hpp"

// The one thing a template cannot do: declare the same name in several namespaces.
#if defined(__x86_64__)
#define GIBBSITE_DECLARE_VARIANTS(Table, name) \
    namespace v2 {                             \
    extern const Table name;                   \
    }                                          \
    namespace v3 {                             \
    extern const Table name;                   \
    }                                          \
    namespace v4 {                             \
    extern const Table name;                   \
    }                                          \
    inline const Table& name() { return choose(v2::name, v3::name, v4::name); }
#else
#define GIBBSITE_DECLARE_VARIANTS(Table, name) \
    namespace baseline {                       \
    extern const Table name;                   \
    }                                          \
    inline const Table& name() { return baseline::name; }
#endif
