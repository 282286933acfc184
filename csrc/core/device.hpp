// What the bindings ask of the card, without CUDA's headers.
#pragma once

#include <cstddef>
#include <cstdint>

namespace gibbsite::cuda {

// 0 where there is no card or no driver.
int device_count();
// True when the kernels run on the host (csrc/emulation).
bool emulated();

// Where kernels take scratch memory from. `owner` is the allocator's own handle on the block.
struct ScratchAllocator {
    struct Block {
        void* data;
        void* owner;
    };
    Block (*allocate)(std::size_t bytes, std::intptr_t stream);
    void (*release)(Block block, std::intptr_t stream);
};

// Another source than the runtime's stream-ordered pool, such as the pool of the arrays' own library.
void set_scratch_allocator(const ScratchAllocator& allocator);
void use_default_scratch_allocator();

}  // namespace gibbsite::cuda
