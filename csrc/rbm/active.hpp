// Lists of active inputs: for every row and tile the places, in bytes from the tile's begin, of the panel rows that the
// row's non-zero inputs select. A list is filled up to a multiple of two with the tile's row of zeros. Host only.
#pragma once

#include "rbm/api.hpp"
#include "rbm/panels.hpp"

namespace gibbsite {
namespace {

constexpr int list_step = 2;

// The bits of 64 bytes of 0 and 1, byte i to bit i; n < 64 of them count.
GIBBSITE_HD std::uint64_t bits_of_bytes(const std::uint8_t* bytes, std::int64_t n) {
    std::uint8_t part[64];
    if (n < 64) {
        memset(part, 0, sizeof part);
        memcpy(part, bytes, std::size_t(n));
        bytes = part;
    }
    std::uint64_t bits = 0;
#if defined(__AVX512BW__)
    bits = _mm512_test_epi8_mask(_mm512_loadu_si512(bytes), _mm512_set1_epi8(1));
#elif defined(__x86_64__)
    for (int i = 0; i < 4; ++i) {
        const __m128i sixteen = _mm_loadu_si128(reinterpret_cast<const __m128i*>(bytes + 16 * i));
        bits |= std::uint64_t(unsigned(_mm_movemask_epi8(_mm_slli_epi16(sixteen, 7)))) << (16 * i);
    }
#else
    for (int i = 0; i < 64; ++i) bits |= std::uint64_t(bytes[i] & 1) << i;
#endif
    return bits;
}

template <class Use>
GIBBSITE_HD void for_each_bit(std::uint64_t bits, Use use) {
    for (; bits; bits &= bits - 1) use(__builtin_ctzll(bits));
}

// use(input) for every active one among inputs [begin, end) of a row of bytes, in order
template <class Use>
GIBBSITE_HD void for_each_active(const std::uint8_t* row, std::int64_t begin, std::int64_t end, Use use) {
    for (std::int64_t at = begin; at < end; at += 64)
        for_each_bit(bits_of_bytes(row + at, end - at), [&](int bit) { use(at + bit); });
}

template <class T>
struct ActiveLists {
    Tiling<T> tiling;
    std::int64_t n_rows;
    std::int64_t capacity;  // of one list
    std::uint16_t* offsets;
    std::uint16_t* counts;
    T* values;  // null where every active input counts one

    std::int64_t list(std::int64_t tile, std::int64_t row) const { return tile * n_rows + row; }

    static std::int64_t capacity_of(const Tiling<T>& tiling) {
        return (tiling.tile_rows + list_step - 1) / list_step * list_step;
    }

    void append(std::int64_t list, std::int64_t input_in_tile, T value) const {
        const std::int64_t at = list * capacity + counts[list]++;
        offsets[at] = std::uint16_t(input_in_tile * panel_width * sizeof(T));
        if (values) values[at] = value;
    }

    void fill_up(std::int64_t tile, std::int64_t row) const {
        const std::int64_t which = list(tile, row);
        while (counts[which] % list_step) append(which, tiling.rows_of(tile), T(0));
    }

    // One row of bytes that count one each.
    void set_row(std::int64_t row, const std::uint8_t* states) const {
        for (std::int64_t tile = 0; tile < tiling.n_tiles; ++tile) {
            const std::int64_t begin = tile * tiling.tile_rows, which = list(tile, row);
            std::uint16_t* out = offsets + which * capacity;
            std::uint16_t* const first = out;
            for_each_active(states, begin, begin + tiling.rows_of(tile), [&](std::int64_t input) {
                *out++ = std::uint16_t((input - begin) * panel_width * sizeof(T));
            });
            counts[which] = std::uint16_t(out - first);
            fill_up(tile, row);
        }
    }

    // One row of numbers or bytes, divided by `divisor` (null: 1).
    template <class S>
    void set_row(std::int64_t row, const S* states, const T* divisor) const {
        for (std::int64_t tile = 0; tile < tiling.n_tiles; ++tile) {
            const std::int64_t begin = tile * tiling.tile_rows, which = list(tile, row);
            std::uint16_t* offset = offsets + which * capacity;
            T* value = values + which * capacity;
            std::int64_t count = 0;
            // Written in any case, kept where not zero: no branch to mispredict.
            for (std::int64_t i = 0; i < tiling.rows_of(tile); ++i) {
                const T state = T(states[begin + i]);
                offset[count] = std::uint16_t(i * panel_width * sizeof(T));
                value[count] = divisor ? state / divisor[begin + i] : state;
                count += state != T(0);
            }
            counts[which] = std::uint16_t(count);
            fill_up(tile, row);
        }
    }
};

}  // namespace
}  // namespace gibbsite
