// A fibre: a stack of its own that runs until it hands control to another fibre.
#pragma once

#include <cstddef>

namespace gibbsite::emulation {

class Fibre {
public:
    Fibre() = default;  // the stack that is running already
    explicit Fibre(std::size_t stack_bytes);
    ~Fibre();
    Fibre(const Fibre&) = delete;
    Fibre& operator=(const Fibre&) = delete;

    // The next switch to this fibre calls entry, which must never return: it ends by switching away for good.
    void start(void (*entry)());
    // Leaves `from`, which is running, and continues `to`. `from_is_done` says that nobody will come back to it.
    static void switch_to(Fibre& from, Fibre& to, bool from_is_done = false);

private:
    static void enter();

    void* stack_pointer_ = nullptr;  // of a fibre at rest: where its registers were saved
    void* mapping_ = nullptr;        // a guard page, then the stack
    std::size_t mapping_bytes_ = 0;
    const void* stack_bottom_ = nullptr;
    std::size_t stack_bytes_ = 0;
    void* fake_stack_ = nullptr;  // AddressSanitizer's own
    void (*entry_)() = nullptr;
};

}  // namespace gibbsite::emulation
