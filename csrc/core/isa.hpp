// Kernel sources are compiled once per instruction set; this says which of the copies runs.
#pragma once

namespace gibbsite {

enum class Isa { baseline = 0, v2 = 2, v3 = 3, v4 = 4 };

// The best that both this build and this machine have, or what GIBBSITE_ISA or select_isa asked for.
Isa current_isa();
bool isa_available(Isa isa);
void select_isa(Isa isa);

const char* isa_name(Isa isa);
// Throws std::invalid_argument for a name that is none.
Isa isa_from_name(const char* name);

// One table of functions in each instruction set, and the one to use now.
template <class Table>
const Table& choose(const Table& v2, const Table& v3, const Table& v4) {
    switch (current_isa()) {
        case Isa::v4:
            return v4;
        case Isa::v3:
            return v3;
        default:
            return v2;
    }
}

}  // namespace gibbsite
