// W in the order in which sums over active units read it, twice: once for hidden units, once for visible ones.
//
// A panel holds the weights of 64 outputs, one row of 64 for each input: an active input adds one row to 64 sums. The
// inputs are cut into tiles that stay in the first-level cache while a batch of chains passes over them; each tile ends
// with a row of zeros, which the lists of active inputs (active.hpp) are filled up with.
#pragma once

#include "core/pool.hpp"
#include "core/transpose.hpp"
#include "rbm/units.hpp"

namespace gibbsite {
namespace {

constexpr int panel_width = units_per_group;
constexpr int square_width = 16;
constexpr int longest_tile_bytes = 32 << 10;

// How n_inputs are cut into tiles of nearly the same length.
template <class T>
struct Tiling {
    std::int64_t n_inputs;
    std::int64_t n_tiles;
    std::int64_t tile_rows;

    explicit Tiling(std::int64_t inputs) : n_inputs(inputs) {
        constexpr std::int64_t longest = longest_tile_bytes / (panel_width * sizeof(T));
        n_tiles = inputs > longest ? (inputs + longest - 1) / longest : 1;
        tile_rows = (inputs + n_tiles - 1) / n_tiles;
    }

    std::int64_t rows_of(std::int64_t tile) const {
        const std::int64_t left = n_inputs - tile * tile_rows;
        return left < tile_rows ? left : tile_rows;
    }
    // Where a tile begins within its panel, in elements; tile n_tiles is the end.
    std::int64_t begin(std::int64_t tile) const { return tile * (tile_rows + 1) * panel_width; }
    // Where an input's row begins within its panel.
    std::int64_t row(std::int64_t input) const { return (input + input / tile_rows) * panel_width; }
    std::int64_t panel_size() const { return begin(n_tiles); }
};

inline std::int64_t panel_count(std::int64_t n_outputs) { return (n_outputs + panel_width - 1) / panel_width; }

inline std::int64_t square_count(std::int64_t n_units) { return (n_units + square_width - 1) / square_width; }

// Both copies in one array: first the panels of hidden units, then those of visible ones.
template <class T>
struct PanelLayout {
    std::int64_t n_hidden, n_visible;
    Tiling<T> over_visible, over_hidden;

    PanelLayout(std::int64_t hidden, std::int64_t visible)
        : n_hidden(hidden), n_visible(visible), over_visible(visible), over_hidden(hidden) {}

    std::int64_t visible_begin() const { return panel_count(n_hidden) * over_visible.panel_size(); }
    std::int64_t size() const { return visible_begin() + panel_count(n_visible) * over_hidden.panel_size(); }
};

// The transpose of a square of 16 by 16: row i of `from` (a stride apart) becomes column i of `to`.
template <class T>
void turn_square(const T* from, std::int64_t from_stride, T* to, std::int64_t to_stride) {
    constexpr int lanes = lane_count<T>;
    for (int i = 0; i < square_width; i += lanes)
        for (int j = 0; j < square_width; j += lanes) {
            Simd<T> v[lanes];
            for (int k = 0; k < lanes; ++k) v[k] = load(from + (i + k) * from_stride + j);
            transpose_square(v);
            for (int k = 0; k < lanes; ++k) store(to + (j + k) * to_stride + i, v[k]);
        }
}

template <class T>
void copy_square(const T* from, std::int64_t from_stride, T* to, std::int64_t to_stride) {
    for (int i = 0; i < square_width; ++i)
        for (int j = 0; j < square_width; j += lane_count<T>)
            store(to + i * to_stride + j, load(from + i * from_stride + j));
}

inline std::int64_t units_left(std::int64_t first, std::int64_t n) {
    return n - first < square_width ? n - first : square_width;
}

// Whether the inputs [first, first + 16) exist and lie in one tile.
template <class T>
bool is_whole(std::int64_t first, const Tiling<T>& tiling) {
    return first + square_width <= tiling.n_inputs &&
           first / tiling.tile_rows == (first + square_width - 1) / tiling.tile_rows;
}

// Squares of W (H, D) with the first units `hidden` and `visible`, into both copies. Most are whole; those at the edges
// of W or of a tile go through a copy, in which units beyond the last are zero.
template <class T>
void place_square(const T* weights, std::int64_t hidden, std::int64_t visible, const PanelLayout<T>& layout,
                  T* panels) {
    const std::int64_t D = layout.n_visible;
    const T* from = weights + hidden * D + visible;
    T* up = panels + hidden / panel_width * layout.over_visible.panel_size() + hidden % panel_width;
    T* down = panels + layout.visible_begin() + visible / panel_width * layout.over_hidden.panel_size() +
              visible % panel_width;
    if (is_whole(visible, layout.over_visible) && is_whole(hidden, layout.over_hidden)) {
        turn_square(from, D, up + layout.over_visible.row(visible), panel_width);
        copy_square(from, D, down + layout.over_hidden.row(hidden), panel_width);
        return;
    }
    T square[square_width][square_width] = {}, turned[square_width][square_width];
    for (std::int64_t i = 0; i < units_left(hidden, layout.n_hidden); ++i)
        memcpy(square[i], from + i * D, std::size_t(units_left(visible, D)) * sizeof(T));
    turn_square(square[0], square_width, turned[0], square_width);
    for (std::int64_t j = 0; j < units_left(visible, D); ++j)
        memcpy(up + layout.over_visible.row(visible + j), turned[j], sizeof turned[j]);
    for (std::int64_t i = 0; i < units_left(hidden, layout.n_hidden); ++i)
        memcpy(down + layout.over_hidden.row(hidden + i), square[i], sizeof square[i]);
}

// A row of squares: 16 hidden units.
template <class T>
void place_squares(const T* weights, std::int64_t hidden, const PanelLayout<T>& layout, T* panels) {
    for (std::int64_t visible = 0; visible < layout.n_visible; visible += square_width)
        place_square(weights, hidden, visible, layout, panels);
}

// The rows of zeros at the ends of the tiles of n_panels panels.
template <class T>
void clear_tile_ends(const Tiling<T>& tiling, std::int64_t n_panels, T* panels) {
    for (std::int64_t panel = 0; panel < n_panels; ++panel)
        for (std::int64_t tile = 0; tile < tiling.n_tiles; ++tile) {
            const std::int64_t rows = tiling.rows_of(tile);
            T* end = panels + panel * tiling.panel_size() + tiling.begin(tile) + rows * panel_width;
            memset(end, 0, std::size_t(tiling.tile_rows + 1 - rows) * panel_width * sizeof(T));
        }
}

template <class T>
void clear_tile_ends(const PanelLayout<T>& layout, T* panels) {
    clear_tile_ends(layout.over_visible, panel_count(layout.n_hidden), panels);
    clear_tile_ends(layout.over_hidden, panel_count(layout.n_visible), panels + layout.visible_begin());
}

// Lanes of the last panels that no square reaches.
template <class T>
void clear_last_lanes(const Tiling<T>& tiling, std::int64_t n_outputs, T* panels) {
    const std::int64_t reached = square_count(n_outputs) * square_width % panel_width;
    if (reached == 0) return;
    T* panel = panels + (panel_count(n_outputs) - 1) * tiling.panel_size();
    for (std::int64_t at = 0; at < tiling.panel_size(); at += panel_width)
        memset(panel + at + reached, 0, std::size_t(panel_width - reached) * sizeof(T));
}

template <class T>
void clear_last_lanes(const PanelLayout<T>& layout, T* panels) {
    clear_last_lanes(layout.over_visible, layout.n_hidden, panels);
    clear_last_lanes(layout.over_hidden, layout.n_visible, panels + layout.visible_begin());
}

// W (H, D) to both copies; a task is 16 hidden units.
template <class T>
void pack_panels(const T* weights, std::int64_t n_hidden, std::int64_t n_visible, T* panels, Context context) {
    const PanelLayout<T> layout(n_hidden, n_visible);
    clear_tile_ends(layout, panels);
    clear_last_lanes(layout, panels);
    parallel_for(square_count(n_hidden), int(context.value),
                 [&](std::int64_t task, int) { place_squares(weights, task * square_width, layout, panels); });
}

}  // namespace
}  // namespace gibbsite
