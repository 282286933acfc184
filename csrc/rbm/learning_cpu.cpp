// Gradients and the steps along them. Compiled once per instruction set.
#include "rbm/gradient.hpp"
#include "rbm/table.hpp"
#include "rbm/update.hpp"

namespace gibbsite {
namespace {

template <class T>
constexpr LearningTable<T> table{gradient<T>, update<T>};

}  // namespace

namespace GIBBSITE_ISA {
constinit const LearningTable<float> learning_float = table<float>;
constinit const LearningTable<double> learning_double = table<double>;
}  // namespace GIBBSITE_ISA

}  // namespace gibbsite
