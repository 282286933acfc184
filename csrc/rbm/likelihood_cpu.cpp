// Free energies, annealed importance sampling (Neal 2001; Salakhutdinov & Murray 2008) and log Z by enumeration.
// Compiled once per instruction set.
#include "rbm/annealed.hpp"
#include "rbm/partition.hpp"
#include "rbm/table.hpp"

namespace gibbsite {
namespace {

template <class T>
constexpr LikelihoodTable<T> table{free_energy<T>, ais_step<T>, exact_log_partition<T>};

}  // namespace

namespace GIBBSITE_ISA {
constinit const LikelihoodTable<float> likelihood_float = table<float>;
constinit const LikelihoodTable<double> likelihood_double = table<double>;
}  // namespace GIBBSITE_ISA

}  // namespace gibbsite
