// What Rust cannot ask of libtorch through tch: a node on the tape whose backward is a callback, gradients
// with cotangents, linear combinations in one pass, and process groups. No policy: Rust decides, this calls.
//
// Every function returns null, or a message that the caller frees. A `tensor` is what a tch::Tensor wraps.
#include <torch/csrc/autograd/autograd.h>
#include <torch/csrc/autograd/custom_function.h>
#include <torch/csrc/distributed/c10d/PrefixStore.hpp>
#include <torch/csrc/distributed/c10d/ProcessGroupGloo.hpp>
#include <torch/csrc/distributed/c10d/TCPStore.hpp>
#include <torch/version.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <cstring>

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

typedef at::Tensor *tensor;

namespace {

template <class F> char *guarded(F f) {
  try {
    f();
    return nullptr;
  } catch (const c10::Error &e) {
    return strdup(e.what_without_backtrace());
  } catch (const std::exception &e) {
    return strdup(e.what());
  } catch (...) {
    return strdup("an exception of C++ without a message");
  }
}

variable_list list(const tensor *ts, size_t n) {
  variable_list out;
  out.reserve(n);
  for (size_t i = 0; i < n; i++) out.push_back(ts[i] ? *ts[i] : at::Tensor());
  return out;
}

// ---- the tape ----

// Puts new tensors (or null) into grad_in; returns null, or a message made by malloc.
typedef char *(*backward_fn)(void *data, const tensor *saved, size_t n_saved, const tensor *grad_out, size_t n_out,
                             const bool *needed, tensor *grad_in, size_t n_in, bool recording);
typedef void (*drop_fn)(void *data);

struct Callback : torch::CustomClassHolder {
  void *data;
  backward_fn backward;
  drop_fn drop;
  Callback(void *data, backward_fn backward, drop_fn drop) : data(data), backward(backward), drop(drop) {}
  ~Callback() override { drop(data); }
};

struct Node : torch::autograd::Function<Node> {
  // The values were computed before: this only ties them to their inputs.
  static variable_list forward(AutogradContext *ctx, at::TensorList inputs, variable_list outputs,
                               variable_list saved, c10::intrusive_ptr<Callback> callback) {
    ctx->set_materialize_grads(false);
    ctx->save_for_backward(std::move(saved));
    ctx->saved_data["inputs"] = static_cast<int64_t>(inputs.size());
    ctx->saved_data["callback"] = c10::IValue::make_capsule(std::move(callback));
    return outputs;
  }

  static variable_list backward(AutogradContext *ctx, variable_list grad_out) {
    size_t n = ctx->saved_data["inputs"].toInt();
    auto holder = ctx->saved_data["callback"].toCapsule();
    auto *callback = static_cast<Callback *>(holder.get());
    variable_list saved = ctx->get_saved_variables();
    std::vector<tensor> kept, cotangents, results(n, nullptr);
    for (auto &t : saved) kept.push_back(&t);
    for (auto &t : grad_out) cotangents.push_back(t.defined() ? &t : nullptr);
    auto needed = std::make_unique<bool[]>(n);
    for (size_t i = 0; i < n; i++) needed[i] = ctx->needs_input_grad(i);
    char *error = callback->backward(callback->data, kept.data(), kept.size(), cotangents.data(), cotangents.size(),
                                     needed.get(), results.data(), n, at::GradMode::is_enabled());
    // Undefined ones at the end: for outputs, saved and callback, which are no inputs.
    variable_list grad_in(n + 3);
    for (size_t i = 0; i < n; i++) {
      if (results[i]) {
        grad_in[i] = std::move(*results[i]);
        delete results[i];
      }
    }
    if (error) {
      std::string message(error);
      free(error);
      throw std::runtime_error(message);
    }
    return grad_in;
  }
};

// ---- states ----

// Whether nobody else holds the tensor or its memory, so that it may be written over.
bool owned(const at::Tensor &t) { return t.use_count() == 1 && t.storage().use_count() == 1; }

bool same(const at::Tensor &a, const at::Tensor &b) {
  return a.sizes() == b.sizes() && a.scalar_type() == b.scalar_type() && a.device() == b.device();
}

bool plain(const at::Tensor &t) { return t.device().is_cpu() && t.is_contiguous() && !t.requires_grad(); }

bool reduced(const at::Tensor &t) { return t.scalar_type() == at::kBFloat16 || t.scalar_type() == at::kHalf; }

// Entries combined at a time: they and one stretch of each term stay in the first-level cache.
constexpr int64_t STRETCH = 512;

template <class T, class Wide>
void combine_host(const T *base, const std::vector<const T *> &xs, const double *cs, T *out, int64_t size) {
  Wide sum[STRETCH];
  for (int64_t from = 0; from < size; from += STRETCH) {
    int64_t n = std::min(STRETCH, size - from);
    for (int64_t j = 0; j < n; j++) sum[j] = base ? static_cast<Wide>(base[from + j]) : Wide(0);
    for (size_t i = 0; i < xs.size(); i++) {
      const T *x = xs[i] + from;
      const Wide c = static_cast<Wide>(cs[i]);
      if (c == Wide(0)) continue;
      for (int64_t j = 0; j < n; j++) sum[j] += c * static_cast<Wide>(x[j]);
    }
    for (int64_t j = 0; j < n; j++) out[from + j] = static_cast<T>(sum[j]);
  }
}

template <class T, class Wide>
void combine_host(const at::Tensor *base, const tensor *xs, const double *cs, size_t n, at::Tensor &out) {
  std::vector<const T *> terms(n);
  for (size_t i = 0; i < n; i++) terms[i] = xs[i]->const_data_ptr<T>();
  combine_host<T, Wide>(base ? base->const_data_ptr<T>() : nullptr, terms, cs, out.mutable_data_ptr<T>(), out.numel());
}

// One pass on the host; false where that is not possible.
bool combine_host(const at::Tensor *base, const tensor *xs, const double *cs, size_t n, at::Tensor &out) {
  if (!plain(out) || (base && !plain(*base))) return false;
  for (size_t i = 0; i < n; i++)
    if (!plain(*xs[i])) return false;
  switch (out.scalar_type()) {
    case at::kFloat: combine_host<float, float>(base, xs, cs, n, out); return true;
    case at::kDouble: combine_host<double, double>(base, xs, cs, n, out); return true;
    case at::kBFloat16: combine_host<at::BFloat16, float>(base, xs, cs, n, out); return true;
    default: return false;
  }
}

// A kernel a term, on any device; on the tape where it is recording.
at::Tensor combine_device(const at::Tensor *base, const tensor *xs, const double *cs, size_t n, const at::Tensor &like) {
  bool narrow = reduced(like);
  auto wide = [&](const at::Tensor &t) { return narrow ? t.to(at::kFloat) : t; };
  at::Tensor sum;
  size_t first = 0;
  if (base && n > 0) {
    sum = at::add(wide(*base), *xs[0], cs[0]);
    first = 1;
  } else if (base) {
    sum = wide(*base).clone();
  } else if (n > 0) {
    sum = at::mul(wide(*xs[0]), cs[0]);
    first = 1;
  } else {
    sum = at::zeros_like(like, narrow ? at::kFloat : like.scalar_type());
  }
  for (size_t i = first; i < n; i++)
    if (cs[i] != 0) sum.add_(*xs[i], cs[i]);
  return narrow ? sum.to(like.scalar_type()) : sum;
}

// Sums are in double, on the host and wherever the device has it.
at::ScalarType wide_kind(const at::Tensor &t) { return t.device().is_mps() ? at::kFloat : at::kDouble; }

template <class T> double dot_host(const at::Tensor &a, const at::Tensor &b) {
  const T *x = a.const_data_ptr<T>(), *y = b.const_data_ptr<T>();
  double lanes[8] = {0};
  int64_t size = a.numel(), i = 0;
  for (; i + 8 <= size; i += 8)
    for (int l = 0; l < 8; l++) lanes[l] += static_cast<double>(x[i + l]) * static_cast<double>(y[i + l]);
  for (; i < size; i++) lanes[i % 8] += static_cast<double>(x[i]) * static_cast<double>(y[i]);
  return ((lanes[0] + lanes[1]) + (lanes[2] + lanes[3])) + ((lanes[4] + lanes[5]) + (lanes[6] + lanes[7]));
}

template <class T>
double scaled_host(const at::Tensor &error, const at::Tensor &a, const at::Tensor &b, double rtol, double atol) {
  const T *e = error.const_data_ptr<T>(), *x = a.const_data_ptr<T>(), *y = b.const_data_ptr<T>();
  double lanes[8] = {0};
  int64_t size = error.numel();
  auto term = [&](int64_t i) {
    double p = std::abs(static_cast<double>(x[i])), q = std::abs(static_cast<double>(y[i]));
    double r = static_cast<double>(e[i]) / (atol + rtol * (p > q ? p : q));
    return r * r;
  };
  int64_t i = 0;
  for (; i + 8 <= size; i += 8)
    for (int l = 0; l < 8; l++) lanes[l] += term(i + l);
  for (; i < size; i++) lanes[i % 8] += term(i);
  return ((lanes[0] + lanes[1]) + (lanes[2] + lanes[3])) + ((lanes[4] + lanes[5]) + (lanes[6] + lanes[7]));
}

struct Group {
  c10::intrusive_ptr<c10d::Store> store;
  c10::intrusive_ptr<c10d::Backend> backend;
};

}  // namespace

extern "C" {

const char *chreode_torch_version() { return TORCH_VERSION; }

// Ties outputs, computed from inputs without a tape, to inputs; owns data from here on, whatever happens.
char *chreode_torch_node(const tensor *inputs, size_t n_in, const tensor *outputs, size_t n_out, const tensor *saved,
                         size_t n_saved, void *data, backward_fn backward, drop_fn drop) {
  c10::intrusive_ptr<Callback> callback;
  char *error = guarded([&] { callback = c10::make_intrusive<Callback>(data, backward, drop); });
  if (error) {
    drop(data);
    return error;
  }
  return guarded([&] {
    variable_list in = list(inputs, n_in);
    variable_list result =
        Node::apply(at::TensorList(in), list(outputs, n_out), list(saved, n_saved), std::move(callback));
    for (size_t i = 0; i < n_out; i++) *outputs[i] = result[i];
  });
}

// grads[i] = sum over outputs of cotangent . d output / d inputs[i], null where nothing depends on it.
char *chreode_torch_grad(const tensor *outputs, const tensor *cotangents, size_t n_out, const tensor *inputs,
                         size_t n_in, bool keep, bool record, tensor *grads) {
  return guarded([&] {
    variable_list result = torch::autograd::grad(list(outputs, n_out), list(inputs, n_in), list(cotangents, n_out),
                                                 keep || record, record, /*allow_unused=*/true);
    for (size_t i = 0; i < n_in; i++) grads[i] = result[i].defined() ? new at::Tensor(result[i]) : nullptr;
  });
}

// base (or 0) + sum of cs[i] xs[i], into out where nobody else holds it, else into a new tensor at fresh.
char *chreode_torch_combine(const tensor base, const tensor *xs, const double *cs, size_t n, const tensor out,
                            tensor *fresh) {
  *fresh = nullptr;
  return guarded([&] {
    const at::Tensor &like = base ? *base : (n > 0 ? *xs[0] : *out);
    for (size_t i = 0; i < n; i++)
      TORCH_CHECK(same(*xs[i], like), "states of shapes ", xs[i]->sizes(), " (", xs[i]->scalar_type(), ", ",
                  xs[i]->device(), ") and ", like.sizes(), " (", like.scalar_type(), ", ", like.device(),
                  ") do not add; a field must return what it is given the shape, kind and device of");
    if (out && same(*out, like) && owned(*out) && combine_host(base, xs, cs, n, *out)) return;
    at::Tensor result;
    if (plain(like)) {
      result = at::empty_like(like, at::MemoryFormat::Contiguous);
      if (!combine_host(base, xs, cs, n, result)) result = at::Tensor();
    }
    if (!result.defined()) result = combine_device(base, xs, cs, n, like);
    *fresh = new at::Tensor(std::move(result));
  });
}

char *chreode_torch_dot(const tensor a, const tensor b, double *sum) {
  return guarded([&] {
    TORCH_CHECK(a->sizes() == b->sizes(), "states of shapes ", a->sizes(), " and ", b->sizes(), " have no product");
    if (plain(*a) && plain(*b) && a->scalar_type() == b->scalar_type()) {
      if (a->scalar_type() == at::kFloat) return void(*sum = dot_host<float>(*a, *b));
      if (a->scalar_type() == at::kDouble) return void(*sum = dot_host<double>(*a, *b));
      if (a->scalar_type() == at::kBFloat16) return void(*sum = dot_host<at::BFloat16>(*a, *b));
    }
    at::NoGradGuard guard;
    auto kind = wide_kind(*a);
    *sum = at::sum(a->to(kind) * b->to(kind)).item<double>();
  });
}

char *chreode_torch_scaled(const tensor e, const tensor a, const tensor b, double rtol, double atol, double *sum) {
  return guarded([&] {
    TORCH_CHECK(same(*e, *a) && same(*e, *b), "an error of shape ", e->sizes(), " has no scale of shapes ", a->sizes(),
                " and ", b->sizes());
    if (plain(*e) && plain(*a) && plain(*b)) {
      if (e->scalar_type() == at::kFloat) return void(*sum = scaled_host<float>(*e, *a, *b, rtol, atol));
      if (e->scalar_type() == at::kDouble) return void(*sum = scaled_host<double>(*e, *a, *b, rtol, atol));
      if (e->scalar_type() == at::kBFloat16) return void(*sum = scaled_host<at::BFloat16>(*e, *a, *b, rtol, atol));
    }
    at::NoGradGuard guard;
    auto kind = wide_kind(*e);
    at::Tensor scale = at::maximum(a->abs(), b->abs()).to(kind).mul_(rtol).add_(atol);
    *sum = at::square(e->to(kind).div(scale)).sum().item<double>();
  });
}

// Rank 0 holds the store, unless a launcher does.
char *chreode_torch_group(const char *host, uint16_t port, int rank, int world, bool holds_store, const char *prefix,
                          int64_t timeout_ms, Group **out) {
  return guarded([&] {
    c10d::TCPStoreOptions options;
    options.port = port;
    options.isServer = holds_store;
    options.waitWorkers = false;
    options.multiTenant = true;
    options.timeout = std::chrono::milliseconds(timeout_ms);
    c10::intrusive_ptr<c10d::Store> store =
        c10::make_intrusive<c10d::PrefixStore>(prefix, c10::make_intrusive<c10d::TCPStore>(host, options));
    auto backend = c10::make_intrusive<c10d::ProcessGroupGloo>(
        store, rank, world, c10d::ProcessGroupGloo::Options::create_default(options.timeout));
    *out = new Group{std::move(store), std::move(backend)};
  });
}

void chreode_torch_group_free(Group *group) { delete group; }

char *chreode_torch_all_reduce_sum(Group *group, const tensor t) {
  return guarded([&] {
    std::vector<at::Tensor> ts{*t};
    group->backend->allreduce(ts)->wait();
  });
}

char *chreode_torch_broadcast(Group *group, const tensor t, int root) {
  return guarded([&] {
    std::vector<at::Tensor> ts{*t};
    c10d::BroadcastOptions options;
    options.rootRank = root;
    group->backend->broadcast(ts, options)->wait();
  });
}

char *chreode_torch_barrier(Group *group) {
  return guarded([&] { group->backend->barrier()->wait(); });
}
}
