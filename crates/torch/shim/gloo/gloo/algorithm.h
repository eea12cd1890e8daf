// Stand-ins for gloo's headers, which PyTorch's wheels lack though libtorch_cpu.so has gloo inside: declarations only,
// as many as ProcessGroupGloo.hpp of PyTorch 2.11.0 needs to be read. Nothing here is called: gloo is behind pointers.
#pragma once
