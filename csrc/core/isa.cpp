#include "core/isa.hpp"

#include <atomic>
#include <cstdlib>
#include <cstring>
#include <stdexcept>
#include <string>

namespace gibbsite {
namespace {

constexpr Isa all_isas[] = {Isa::v4, Isa::v3, Isa::v2, Isa::baseline};

Isa best_isa() {
    for (const Isa isa : all_isas)
        if (isa_available(isa)) return isa;
    return Isa::baseline;
}

Isa initial_isa() {
    const char* wanted = std::getenv("GIBBSITE_ISA");
    if (wanted == nullptr || *wanted == '\0') return best_isa();
    const Isa isa = isa_from_name(wanted);
    if (!isa_available(isa))
        throw std::runtime_error(std::string("GIBBSITE_ISA asks for ") + wanted + ", which this machine cannot run");
    return isa;
}

std::atomic<Isa>& selected() {
    static std::atomic<Isa> isa{initial_isa()};
    return isa;
}

}  // namespace

bool isa_available(Isa isa) {
#if defined(__x86_64__)
    switch (isa) {
        case Isa::v4:
            return __builtin_cpu_supports("x86-64-v4");
        case Isa::v3:
            return __builtin_cpu_supports("x86-64-v3");
        case Isa::v2:
            return __builtin_cpu_supports("x86-64-v2");
        default:
            return false;
    }
#else
    return isa == Isa::baseline;
#endif
}

Isa current_isa() { return selected().load(std::memory_order_relaxed); }

void select_isa(Isa isa) {
    if (!isa_available(isa))
        throw std::runtime_error(std::string("this machine cannot run instruction set ") + isa_name(isa));
    selected() = isa;
}

const char* isa_name(Isa isa) {
    switch (isa) {
        case Isa::v2:
            return "v2";
        case Isa::v3:
            return "v3";
        case Isa::v4:
            return "v4";
        default:
            return "baseline";
    }
}

Isa isa_from_name(const char* name) {
    for (const Isa isa : all_isas)
        if (std::strcmp(name, isa_name(isa)) == 0) return isa;
    throw std::invalid_argument(std::string("unknown instruction set '") + name + "'; known are v2, v3, v4, baseline");
}

}  // namespace gibbsite
