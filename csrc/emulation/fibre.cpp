#include "emulation/fibre.hpp"

#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>
#include <new>

#if !defined(__x86_64__) || defined(GIBBSITE_FIBRE_UCONTEXT)
#define GIBBSITE_FIBRE_PORTABLE 1
#include <ucontext.h>
#endif

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#endif

namespace gibbsite::emulation {
namespace {

// Who switched to whom: read on the other side of the switch.
Fibre* left = nullptr;
Fibre* entered = nullptr;

std::size_t page_bytes() { return std::size_t(sysconf(_SC_PAGESIZE)); }

}  // namespace

#if defined(GIBBSITE_FIBRE_PORTABLE)

namespace {

void* prepare_stack(void* stack, std::size_t bytes, void (*entry)()) {
    auto* context = static_cast<ucontext_t*>(stack);  // kept at the low end of the stack itself
    getcontext(context);
    context->uc_stack.ss_sp = context + 1;
    context->uc_stack.ss_size = bytes - sizeof(ucontext_t);
    context->uc_link = nullptr;
    makecontext(context, entry, 0);
    return context;
}

void switch_stack(void** from, void* to) {
    ucontext_t here;
    *from = &here;
    swapcontext(&here, static_cast<ucontext_t*>(to));
}

}  // namespace

#else

// Saves what the System V calling convention asks a function to keep, and continues on the other stack. swapcontext
// would do the same with a system call for the signal mask at every switch.
extern "C" void gibbsite_switch_stack(void** from, void* to);
asm(R"(
.text
.hidden gibbsite_switch_stack
.globl gibbsite_switch_stack
.type gibbsite_switch_stack, @function
gibbsite_switch_stack:
    pushq %rbp
    pushq %rbx
    pushq %r12
    pushq %r13
    pushq %r14
    pushq %r15
    movq %rsp, (%rdi)
    movq %rsi, %rsp
    popq %r15
    popq %r14
    popq %r13
    popq %r12
    popq %rbx
    popq %rbp
    ret
.size gibbsite_switch_stack, . - gibbsite_switch_stack
)");

namespace {

void* prepare_stack(void* stack, std::size_t bytes, void (*entry)()) {
    // From the top: a return address that nobody uses (it aligns the stack as a call would), entry, six registers.
    auto** top = reinterpret_cast<void**>((reinterpret_cast<std::uintptr_t>(stack) + bytes) & ~std::uintptr_t(15));
    *--top = nullptr;
    *--top = reinterpret_cast<void*>(entry);
    for (int i = 0; i < 6; ++i) *--top = nullptr;
    return top;
}

void switch_stack(void** from, void* to) { gibbsite_switch_stack(from, to); }

}  // namespace

#endif

Fibre::Fibre(std::size_t stack_bytes) {
    const std::size_t page = page_bytes();
    stack_bytes_ = (stack_bytes + page - 1) / page * page;
    mapping_bytes_ = stack_bytes_ + page;
    mapping_ = mmap(nullptr, mapping_bytes_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (mapping_ == MAP_FAILED) throw std::bad_alloc();
    mprotect(mapping_, page, PROT_NONE);  // the stack grows down into it: an overflow faults instead of corrupting
    stack_bottom_ = static_cast<char*>(mapping_) + page;
}

Fibre::~Fibre() {
    if (mapping_ != nullptr) munmap(mapping_, mapping_bytes_);
}

void Fibre::start(void (*entry)()) {
    entry_ = entry;
    auto* stack = const_cast<void*>(stack_bottom_);
#if defined(__SANITIZE_ADDRESS__)
    __asan_unpoison_memory_region(stack, stack_bytes_);  // an abandoned fibre leaves its frames poisoned
#endif
    stack_pointer_ = prepare_stack(stack, stack_bytes_, enter);
}

void Fibre::enter() {
#if defined(__SANITIZE_ADDRESS__)
    __sanitizer_finish_switch_fiber(nullptr, &left->stack_bottom_, &left->stack_bytes_);
#endif
    entered->entry_();
}

void Fibre::switch_to(Fibre& from, Fibre& to, [[maybe_unused]] bool from_is_done) {
    left = &from;
    entered = &to;
#if defined(__SANITIZE_ADDRESS__)
    __sanitizer_start_switch_fiber(from_is_done ? nullptr : &from.fake_stack_, to.stack_bottom_, to.stack_bytes_);
#endif
    switch_stack(&from.stack_pointer_, to.stack_pointer_);
#if defined(__SANITIZE_ADDRESS__)
    __sanitizer_finish_switch_fiber(from.fake_stack_, &left->stack_bottom_, &left->stack_bytes_);
#endif
}

}  // namespace gibbsite::emulation
