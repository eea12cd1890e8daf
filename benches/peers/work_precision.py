"""Work-precision of Python's solvers on the problems of ../problems, as the same CSV.

    python work_precision.py [--library scipy] [--problem hires] [--method Radau] [--tolerances 1e-3,1e-6] [--list]

Right-hand sides and Jacobians are compiled (numba for SciPy and numbalsoda, XLA for diffrax); compilation and one warm-up
are not timed. A library that is not installed is skipped with a note on standard error.
"""
import os

for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS", "NPROC"):
    os.environ.setdefault(name, "1")
os.environ["XLA_FLAGS"] = os.environ.get("XLA_FLAGS", "") + " --xla_cpu_multi_thread_eigen=false"
os.environ.setdefault("JAX_PLATFORMS", "cpu")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")

import argparse
import statistics
import sys
import time
import warnings

import numpy as np

warnings.filterwarnings("ignore")
HEADER = "problem,library,method,tolerance,seconds,evaluations,accepted,rejected,jacobians,factorisations,error"
LIMIT = 2.0     # seconds a solve may take
BUDGET = 0.06   # seconds of samples


# ------------------------------------------------------------------ problems
# A right-hand side is a tuple of expressions in y[0], y[1], …, so that numba, jax and torch can all compile it.
def lotka_volterra(y):
    return 1.5 * y[0] - y[0] * y[1], y[0] * y[1] - 3.0 * y[1]


def brusselator(y):
    return 1.0 + y[0] * y[0] * y[1] - 4.0 * y[0], 3.0 * y[0] - y[0] * y[0] * y[1]


MU = 0.012277471


def arenstorf(y):
    d1 = (y[0] + MU) * (y[0] + MU) + y[1] * y[1]
    d2 = (y[0] - 1.0 + MU) * (y[0] - 1.0 + MU) + y[1] * y[1]
    a, b = (1.0 - MU) / d1 ** 1.5, MU / d2 ** 1.5
    return (y[2], y[3], y[0] + 2.0 * y[3] - a * (y[0] + MU) - b * (y[0] - 1.0 + MU),
            y[1] - 2.0 * y[2] - (a + b) * y[1])


def rigid_body(y):
    return y[1] * y[2], -y[0] * y[2], -0.51 * y[0] * y[1]


def two_body(y):
    c = (y[0] * y[0] + y[1] * y[1]) ** -1.5
    return y[2], y[3], -y[0] * c, -y[1] * c


def van_der_pol(y):
    return y[1], 1000.0 * (1.0 - y[0] * y[0]) * y[1] - y[0]


def van_der_pol_jacobian(y):
    return (0.0, 1.0), (-2000.0 * y[0] * y[1] - 1.0, 1000.0 * (1.0 - y[0] * y[0]))


def rober(y):
    a, b, c = 0.04 * y[0], 1e4 * y[1] * y[2], 3e7 * y[1] * y[1]
    return b - a, a - b - c, c


def rober_jacobian(y):
    p, q, r = 1e4 * y[2], 1e4 * y[1], 6e7 * y[1]
    return (-0.04, p, q), (0.04, -p - r, -q), (0.0, r, 0.0)


def hires(y):
    m = 280.0 * y[5] * y[7]
    return (-1.71 * y[0] + 0.43 * y[1] + 8.32 * y[2] + 0.0007, 1.71 * y[0] - 8.75 * y[1],
            -10.03 * y[2] + 0.43 * y[3] + 0.035 * y[4], 8.32 * y[1] + 1.71 * y[2] - 1.12 * y[3],
            -1.745 * y[4] + 0.43 * y[5] + 0.43 * y[6],
            -m + 0.69 * y[3] + 1.71 * y[4] - 0.43 * y[5] + 0.69 * y[6], m - 1.81 * y[6], 1.81 * y[6] - m)


def hires_jacobian(y):
    p, q, o = 280.0 * y[7], 280.0 * y[5], 0.0
    return ((-1.71, 0.43, 8.32, o, o, o, o, o), (1.71, -8.75, o, o, o, o, o, o),
            (o, o, -10.03, 0.43, 0.035, o, o, o), (o, 8.32, 1.71, -1.12, o, o, o, o),
            (o, o, o, o, -1.745, 0.43, 0.43, o), (o, o, o, 0.69, 1.71, -0.43 - p, 0.69, -q),
            (o, o, o, o, o, p, -1.81, q), (o, o, o, o, o, -p, 1.81, -q))


K = (0.35, 26.6, 1.23e4, 8.6e-4, 8.2e-4, 1.5e4, 1.3e-4, 2.4e4, 1.65e4, 9e3, 0.022, 1.2e4, 1.88, 1.63e4, 4.8e6, 3.5e-4,
     0.0175, 1e8, 4.44e11, 1.24e3, 2.1, 5.78, 0.0474, 1.78e3, 3.12)


def pollution(y):
    r1, r2, r3, r4, r5 = K[0] * y[0], K[1] * y[1] * y[3], K[2] * y[4] * y[1], K[3] * y[6], K[4] * y[6]
    r6, r7, r8, r9 = K[5] * y[6] * y[5], K[6] * y[8], K[7] * y[8] * y[5], K[8] * y[10] * y[1]
    r10, r11, r12, r13 = K[9] * y[10] * y[0], K[10] * y[12], K[11] * y[9] * y[1], K[12] * y[13]
    r14, r15, r16, r17 = K[13] * y[0] * y[5], K[14] * y[2], K[15] * y[3], K[16] * y[3]
    r18, r19, r20, r21 = K[17] * y[15], K[18] * y[15], K[19] * y[16] * y[5], K[20] * y[18]
    r22, r23, r24, r25 = K[21] * y[18], K[22] * y[0] * y[3], K[23] * y[18] * y[0], K[24] * y[19]
    return (-r1 - r10 - r14 - r23 - r24 + r2 + r3 + r9 + r11 + r12 + r22 + r25, -r2 - r3 - r9 - r12 + r1 + r21,
            -r15 + r1 + r17 + r19 + r22, -r2 - r16 - r17 - r23 + r15, -r3 + 2.0 * r4 + r6 + r7 + r13 + r20,
            -r6 - r8 - r14 - r20 + r3 + 2.0 * r18, -r4 - r5 - r6 + r13, r4 + r5 + r6 + r7, -r7 - r8, -r12 + r7 + r9,
            -r9 - r10 + r8 + r11, r9, -r11 + r10, -r13 + r12, r14, -r18 - r19 + r16, -r20, r20,
            -r21 - r22 - r24 + r23 + r25, -r25 + r24)


class Problem:
    def __init__(self, name, field, y0, t1, end, scale=1.0, jacobian=None):
        self.name, self.field, self.t1, self.scale, self.jacobian = name, field, t1, scale, jacobian
        self.y0, self.end = np.array(y0, dtype=float), np.array(end)
        self.stiff = scale != 1.0 or name.startswith("van")

    def error(self, y):
        y = np.asarray(y, dtype=float)
        e = float(np.max(np.abs(y - self.end) / (self.scale + np.abs(self.end))))
        return e if e == e else float("inf")


POLLUTION_Y0 = np.zeros(20)
POLLUTION_Y0[[1, 3, 6, 7, 8, 16]] = 0.2, 0.04, 0.1, 0.3, 0.01, 0.007
PROBLEMS = [
    Problem("lotka-volterra-10", lotka_volterra, (1, 1), 10.0, (1.0263447675750893, 0.9096910781360416)),
    Problem("lotka-volterra-100", lotka_volterra, (1, 1), 100.0, (1.492424937865162, 0.4248882500720876)),
    Problem("brusselator", brusselator, (1.5, 3), 20.0, (0.49863707126834785, 4.596780349452011)),
    Problem("arenstorf", arenstorf, (0.994, 0, 0, -2.0015851063790825), 17.06521656015796,
            (0.994, 0, 0, -2.0015851063790825)),
    Problem("detest-b5", rigid_body, (0, 1, 1), 20.0,
            (-0.9396570798729204, -0.3421177754000749, 0.7414126596199954)),
    Problem("detest-d5", two_body, (0.1, 0, 0, 4.358898943540674), 20.0,
            (-1.2952662509875744, 0.40039389637923213, -0.6775390924707566, -0.12708381542786863)),
    Problem("van-der-pol-1000", van_der_pol, (2, 0), 2000.0, (1.706167732170469, -0.8928097010248125e-3),
            jacobian=van_der_pol_jacobian),
    Problem("rober", rober, (1, 0, 0), 1e11, (0.2083340149701255e-7, 0.8333360770334713e-13, 0.999999979166505), 1e-8,
            rober_jacobian),
    Problem("hires", hires, (1, 0, 0, 0, 0, 0, 0, 0.0057), 321.8122,
            (0.7371312573325668e-3, 0.1442485726316185e-3, 0.5888729740967575e-4, 0.1175651343283149e-2,
             0.2386356198831331e-2, 0.6238968252742796e-2, 0.2849998395185769e-2, 0.2850001604814231e-2), 1e-3,
            hires_jacobian),
    Problem("pollution", pollution, POLLUTION_Y0, 60.0,
            (0.5646255480022769e-01, 0.1342484130422339e+00, 0.4139734331099427e-08, 0.5523140207484359e-02,
             0.2018977262302196e-06, 0.1464541863493966e-06, 0.7784249118997964e-01, 0.3245075353396018e+00,
             0.7494013383880406e-02, 0.1622293157301561e-07, 0.1135863833257075e-07, 0.2230505975721359e-02,
             0.2087162882798630e-03, 0.1396921016840158e-04, 0.8964884856898295e-02, 0.4352846369330103e-17,
             0.6899219696263405e-02, 0.1007803037365946e-03, 0.1772146513969984e-05, 0.5682943292316392e-04), 1e-4),
]


# ----------------------------------------------------------------- libraries
# Each gives (method, make); make(problem) gives solve(tol) -> (end, counts).
def numba_field(problem):
    import numba
    rhs, n = numba.njit(problem.field), len(problem.y0)

    @numba.njit
    def field(t, y):
        out = np.empty(n)
        i = 0
        for value in rhs(y):
            out[i] = value
            i += 1
        return out
    return field


def numba_jacobian(problem):
    import numba
    n = len(problem.y0)
    if problem.jacobian is None:                    # pollution: differences of a bilinear field are exact to rounding
        from jax import config
        config.update("jax_enable_x64", True)
        import jax
        import jax.numpy as jnp
        compiled = jax.jit(jax.jacfwd(lambda y: jnp.stack(problem.field(y))))
        return lambda t, y: np.asarray(compiled(y))
    rows = numba.njit(problem.jacobian)

    @numba.njit
    def jacobian(t, y):
        out = np.empty((n, n))
        i = 0
        for row in rows(y):
            j = 0
            for value in row:
                out[i, j] = value
                j += 1
            i += 1
        return out
    return jacobian


def scipy(problem):
    from scipy.integrate import solve_ivp
    field = numba_field(problem)
    extra = {"jac": numba_jacobian(problem)} if problem.stiff else {}

    def make(method):
        def solve(tol):
            s = solve_ivp(field, (0.0, problem.t1), problem.y0, method=method, rtol=tol, atol=tol * problem.scale, **extra)
            if not s.success:
                raise RuntimeError(s.message)
            return s.y[:, -1], {"evaluations": s.nfev, "jacobians": s.njev if problem.stiff else None,
                                "factorisations": s.nlu if problem.stiff else None, "accepted": s.t.size - 1}
        return solve
    names = ("Radau", "BDF", "LSODA") if problem.stiff else ("RK45", "DOP853", "LSODA")
    return [(name, make(name)) for name in names]


def numbalsoda(problem):
    import numba
    import numbalsoda as nl
    rhs = numba.njit(problem.field)

    @numba.cfunc(nl.lsoda_sig)
    def field(t, u, du, p):
        i = 0
        for value in rhs(u):
            du[i] = value
            i += 1
    address, times, data = field.address, np.array([0.0, problem.t1]), np.zeros(1)

    def lsoda(tol):
        u, ok = nl.lsoda(address, problem.y0, times, data, tol, tol * problem.scale, 5_000_000)
        if not ok:
            raise RuntimeError("lsoda failed")
        return u[-1], {}

    def dop853(tol):
        u, ok = nl.dop853(address, problem.y0, times, data, tol, tol * problem.scale)
        if not ok:
            raise RuntimeError("dop853 failed")
        return u[-1], {}
    lsoda.keep = dop853.keep = field
    return [("lsoda", lsoda)] + ([] if problem.stiff else [("dop853", dop853)])


STAGES = {"Tsit5": 6, "Dopri5": 6, "Dopri8": 13}


def diffrax(problem):
    import jax
    jax.config.update("jax_enable_x64", True)
    import diffrax as dfx
    import jax.numpy as jnp
    term = dfx.ODETerm(lambda t, y, _: jnp.stack(problem.field(y)))
    y0 = jnp.asarray(problem.y0)

    def make(method):
        @jax.jit
        def run(y0, rtol, atol):
            control = dfx.PIDController(rtol=rtol, atol=atol, **({"pcoeff": 0.3, "icoeff": 0.4} if problem.stiff else {}))
            s = dfx.diffeqsolve(term, getattr(dfx, method)(), 0.0, problem.t1, None, y0, max_steps=1_000_000,
                                stepsize_controller=control, adjoint=dfx.ForwardMode(), throw=False)
            return s.ys[-1], s.stats["num_accepted_steps"], s.stats["num_rejected_steps"], s.result == dfx.RESULTS.successful

        def solve(tol):
            y, accepted, rejected, fine = jax.block_until_ready(run(y0, tol, tol * problem.scale))
            if not bool(fine):
                raise RuntimeError("the solve failed")
            a, r = int(accepted), int(rejected)
            stages = STAGES.get(method)
            return np.asarray(y), {"accepted": a, "rejected": r,
                                   "evaluations": None if stages is None else (a + r) * stages + 1}
        return solve
    names = ("Kvaerno3", "Kvaerno5") if problem.stiff else ("Tsit5", "Dopri5", "Dopri8")
    return [(name, make(name)) for name in names]


def torchdiffeq(problem):
    if problem.name not in ("lotka-volterra-10", "lotka-volterra-100", "brusselator"):    # it is slow everywhere
        return []
    import torch
    from torchdiffeq import odeint
    torch.set_num_threads(1)
    y0 = torch.tensor(problem.y0)
    times = torch.tensor([0.0, problem.t1], dtype=torch.float64)
    count = [0]

    def field(t, y):
        count[0] += 1
        return torch.stack(problem.field(y))

    def make(method):
        def solve(tol):
            count[0] = 0
            with torch.no_grad():
                y = odeint(field, y0, times, rtol=tol, atol=tol * problem.scale, method=method)[-1]
            return y.numpy(), {"evaluations": count[0]}
        return solve
    return [(name, make(name)) for name in ("dopri5", "dopri8")]


LIBRARIES = {"scipy": scipy, "numbalsoda": numbalsoda, "diffrax": diffrax, "torchdiffeq": torchdiffeq}


def point(problem, library, method, solve, tol):
    first = time.perf_counter()
    end, counts = solve(tol)
    first = time.perf_counter() - first
    start = time.perf_counter()     # without compilation
    end, counts = solve(tol)
    once = time.perf_counter() - start
    if once > LIMIT:
        return None
    inner = max(1, int(BUDGET / 9 / max(once, 1e-7)))
    samples, begin = [], time.perf_counter()
    while not samples or (len(samples) < 9 and time.perf_counter() - begin < BUDGET):
        start = time.perf_counter()
        for _ in range(inner):
            solve(tol)
        samples.append((time.perf_counter() - start) / inner)
    names = ("evaluations", "accepted", "rejected", "jacobians", "factorisations")
    fields = ["" if counts.get(k) is None else str(int(counts[k])) for k in names]
    return ",".join([problem.name, library, method, "%g" % tol, "%.4e" % statistics.median(samples), *fields,
                     "%.4e" % problem.error(end)])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("library", "problem", "method"):
        parser.add_argument("--" + name, action="append", default=[])
    parser.add_argument("--tolerances", default=",".join("1e-%d" % k for k in range(3, 12)))
    parser.add_argument("--list", action="store_true", help="print libraries and problems, and exit")
    args = parser.parse_args()
    if args.list:
        print("\n".join(list(LIBRARIES) + [p.name for p in PROBLEMS]))
        return
    print(HEADER, flush=True)
    for library, methods_of in LIBRARIES.items():
        if args.library and library not in args.library:
            continue
        for problem in PROBLEMS:
            if args.problem and problem.name not in args.problem:
                continue
            try:
                methods = methods_of(problem)
            except ImportError as error:
                print("left out: %s: %s" % (library, error), file=sys.stderr)
                break
            for method, solve in methods:
                if args.method and method not in args.method:
                    continue
                for tol in map(float, args.tolerances.split(",")):
                    try:
                        line = point(problem, library, method, solve, tol)
                        why = "over %g s" % LIMIT
                    except Exception as error:      # a peer that fails is named, and the others go on
                        line, why = None, " ".join(str(error).split())[:200] or type(error).__name__
                    if line is None:
                        print("left out: %s %s on %s at %g: %s" % (library, method, problem.name, tol, why), file=sys.stderr)
                        if why.startswith("over"):
                            break
                    else:
                        print(line, flush=True)


if __name__ == "__main__":
    main()
