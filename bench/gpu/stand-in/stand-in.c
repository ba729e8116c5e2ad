/*
 * Stands in for an NVIDIA GPU: the functions of the CUDA driver and runtime, cuBLAS and cuDNN that ONNX Runtime's provider
 * calls, with the device's rules and none of its arithmetic. Memory is reserved and counted, kernels are named and counted,
 * a capture refuses what CUDA refuses during one, and a replay tells when host memory it reads has changed since. Results
 * are whatever memory held: zeros. `bench/gpu/rehearse.ts` compiles, runs and reads it.
 *
 * Environment: STAND_IN_TRACE, a file to which lines are added, one an event:
 *   A bytes held / F bytes held    memory allocated, freed
 *   K name grid block shared       a kernel           B name sizes      a product of cuBLAS
 *   D name                         a call of cuDNN    M kind bytes how  a copy (kind: cudaMemcpyKind)
 *   S bytes                        memory set         W what            the host waits
 *   C begin / C end nodes          a capture          G nodes           a graph is launched
 *   ! text                         what CUDA would refuse, or what would go wrong
 * STAND_IN_MIB: memory of the device (81920).
 *
 * Numbers of attributes and places in structures: CUDA 13's driver_types.h, cuDNN 9's cudnn_graph.h.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

typedef int Error;
enum { SUCCESS = 0, INVALID = 1, OUT_OF_MEMORY = 2, BAD_LAUNCH = 9, BAD_DEVICE = 101, NO_SYMBOL = 500 };
enum { CAPTURE_UNSUPPORTED = 900, CAPTURE_INVALID = 901, CAPTURE_IMPLICIT = 906 };
enum { MULTIPROCESSORS = 132, SHARED_BYTES = 232448, L2_BYTES = 50 << 20 };
typedef struct {
  unsigned x, y, z;
} Size3;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static __thread Error last_error;

__attribute__((format(printf, 1, 2))) static void trace(const char *format, ...) {
  static int file = -2;
  if (file == -2) {
    const char *path = getenv("STAND_IN_TRACE");
    file = path ? open(path, O_CREAT | O_APPEND | O_WRONLY, 0644) : -1;
  }
  if (file < 0) return;
  char line[2048];
  va_list args;
  va_start(args, format);
  int length = vsnprintf(line, sizeof line - 1, format, args);
  va_end(args);
  if (length > (int)sizeof line - 2) length = sizeof line - 2;
  line[length++] = '\n';
  if (write(file, line, length) < 0) abort();
}

static Error refuse(Error error, const char *what) {
  trace("! %s: error %d", what, error);
  return last_error = error;
}

/* ---- Streams, captures, graphs ---- */

/* A copy from host memory inside a graph: what lay there when it was captured. */
typedef struct {
  const void *from;
  void *held;
  size_t bytes;
} HostCopy;
typedef struct {
  long nodes;
  HostCopy *copies;
  int copy_count;
} Graph;
typedef struct {
  int captures;
  Graph graph;
} Stream;
static Stream default_stream;
/* Captures under way, of which each forbids calls that are not of its stream (cudaStreamCaptureModeGlobal). */
static int captures;

static Stream *stream_of(void *handle) { return (uintptr_t)handle <= 2 ? &default_stream : handle; }
static void add_node(void *handle) {
  Stream *stream = stream_of(handle);
  if (stream->captures) stream->graph.nodes++;
}

Error cudaStreamCreateWithFlags(void **stream, unsigned flags) {
  (void)flags;
  *stream = calloc(1, sizeof(Stream));
  return SUCCESS;
}
Error cudaStreamCreate(void **stream) { return cudaStreamCreateWithFlags(stream, 0); }
Error cudaStreamDestroy(void *stream) {
  free(stream);
  return SUCCESS;
}
Error cudaStreamSynchronize(void *stream) {
  if (stream_of(stream)->captures) return refuse(CAPTURE_UNSUPPORTED, "cudaStreamSynchronize during a capture");
  trace("W stream");
  return SUCCESS;
}
Error cudaDeviceSynchronize(void) {
  if (captures) return refuse(CAPTURE_UNSUPPORTED, "cudaDeviceSynchronize during a capture");
  trace("W device");
  return SUCCESS;
}
Error cudaStreamWaitEvent(void *stream, void *event, unsigned flags) {
  (void)stream, (void)event, (void)flags;
  return SUCCESS;
}
Error cudaStreamIsCapturing(void *stream, int *status) {
  *status = stream_of(stream)->captures;
  return SUCCESS;
}
Error cudaStreamBeginCapture(void *handle, int mode) {
  (void)mode;
  Stream *stream = stream_of(handle);
  if (stream->captures || stream == &default_stream) return refuse(CAPTURE_INVALID, "cudaStreamBeginCapture");
  *stream = (Stream){.captures = 1};
  captures++;
  trace("C begin");
  return SUCCESS;
}
Error cudaStreamEndCapture(void *handle, void **graph) {
  Stream *stream = stream_of(handle);
  if (!stream->captures) return refuse(CAPTURE_INVALID, "cudaStreamEndCapture");
  stream->captures = 0;
  captures--;
  Graph *made = malloc(sizeof *made);
  *made = stream->graph;
  *graph = made;
  trace("C end %ld", made->nodes);
  return SUCCESS;
}
Error cudaGraphInstantiate(void **executable, void *graph, unsigned long long flags) {
  (void)flags;
  Graph *made = malloc(sizeof *made);
  *made = *(Graph *)graph;
  *executable = made;
  return SUCCESS;
}
Error cudaGraphLaunch(void *executable, void *stream) {
  (void)stream;
  Graph *graph = executable;
  int changed = 0;
  for (int i = 0; i < graph->copy_count; i++) {
    HostCopy *copy = &graph->copies[i];
    changed += memcmp(copy->from, copy->held, copy->bytes) != 0;
  }
  trace("G %ld", graph->nodes);
  if (changed) trace("! a graph is replayed with %d copies of host memory that has changed", changed);
  return SUCCESS;
}
/* Graphs are few and small: what they hold is left to the end of the process. */
Error cudaGraphDestroy(void *graph) {
  (void)graph;
  return SUCCESS;
}
Error cudaGraphExecDestroy(void *graph) {
  (void)graph;
  return SUCCESS;
}
Error cudaEventCreateWithFlags(void **event, unsigned flags) {
  (void)flags;
  *event = malloc(1);
  return SUCCESS;
}
Error cudaEventCreate(void **event) { return cudaEventCreateWithFlags(event, 0); }
Error cudaEventDestroy(void *event) {
  free(event);
  return SUCCESS;
}
Error cudaEventRecord(void *event, void *stream) {
  (void)event, (void)stream;
  return SUCCESS;
}
Error cudaEventSynchronize(void *event) {
  (void)event;
  return SUCCESS;
}
Error cudaEventElapsedTime(float *milliseconds, void *from, void *to) {
  (void)from, (void)to;
  *milliseconds = 0.01f;
  return SUCCESS;
}

/* ---- Memory: reserved addresses without contents; the process ends where it touches them, as it should ---- */

typedef struct Block {
  char *at;
  size_t bytes, reserved;
  struct Block *next;
} Block;
static Block *blocks;
static size_t held;

static size_t total_bytes(void) {
  const char *text = getenv("STAND_IN_MIB");
  return (size_t)(text ? atol(text) : 81920) << 20;
}
static int is_allocated(const void *address, size_t bytes) {
  for (Block *block = blocks; block; block = block->next)
    if ((char *)address >= block->at && (char *)address + bytes <= block->at + block->bytes) return 1;
  return 0;
}

Error cudaMalloc(void **address, size_t bytes) {
  if (captures) return refuse(CAPTURE_UNSUPPORTED, "cudaMalloc during a capture");
  pthread_mutex_lock(&lock);
  size_t reserved = (bytes + 4096) / 4096 * 4096;
  void *at = held + bytes > total_bytes() ? MAP_FAILED
                                          : mmap(NULL, reserved, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (at != MAP_FAILED) {
    Block *block = malloc(sizeof *block);
    *block = (Block){at, bytes, reserved, blocks};
    blocks = block;
    held += bytes;
  }
  pthread_mutex_unlock(&lock);
  *address = at == MAP_FAILED ? NULL : at;
  if (at == MAP_FAILED) return refuse(OUT_OF_MEMORY, "cudaMalloc");
  trace("A %zu %zu", bytes, held);
  return SUCCESS;
}
Error cudaFree(void *address) {
  if (!address) return SUCCESS;
  if (captures) return refuse(CAPTURE_UNSUPPORTED, "cudaFree during a capture");
  pthread_mutex_lock(&lock);
  Block **place = &blocks;
  while (*place && (*place)->at != address) place = &(*place)->next;
  Block *block = *place;
  if (block) {
    *place = block->next;
    held -= block->bytes;
    munmap(block->at, block->reserved);
  }
  pthread_mutex_unlock(&lock);
  if (!block) return refuse(INVALID, "cudaFree of what was not allocated");
  trace("F %zu %zu", block->bytes, held);
  free(block);
  return SUCCESS;
}
Error cudaFreeAsync(void *address, void *stream) {
  (void)stream;
  return cudaFree(address);
}
Error cudaMallocFromPoolAsync(void **address, size_t bytes, void *pool, void *stream) {
  (void)pool, (void)stream;
  return cudaMalloc(address, bytes);
}
Error cudaMallocHost(void **address, size_t bytes) {
  *address = calloc(1, bytes + 1);
  return SUCCESS;
}
Error cudaHostAlloc(void **address, size_t bytes, unsigned flags) {
  (void)flags;
  return cudaMallocHost(address, bytes);
}
Error cudaFreeHost(void *address) {
  free(address);
  return SUCCESS;
}
Error cudaMemGetInfo(size_t *free_bytes, size_t *total) {
  *total = total_bytes();
  *free_bytes = *total - held;
  return SUCCESS;
}

enum { HOST_TO_HOST, HOST_TO_DEVICE, DEVICE_TO_HOST, DEVICE_TO_DEVICE };

static Error copy(void *to, const void *from, size_t bytes, int kind) {
  pthread_mutex_lock(&lock);
  int goes = bytes && (kind == HOST_TO_DEVICE || kind == DEVICE_TO_DEVICE);
  int comes = bytes && (kind == DEVICE_TO_HOST || kind == DEVICE_TO_DEVICE);
  int is_wrong = (goes && !is_allocated(to, bytes)) || (comes && !is_allocated(from, bytes));
  pthread_mutex_unlock(&lock);
  if (is_wrong) return refuse(INVALID, "a copy outside of what is allocated");
  if (kind == HOST_TO_HOST) memmove(to, from, bytes);
  if (kind == DEVICE_TO_HOST) memset(to, 0, bytes);
  return SUCCESS;
}

Error cudaMemcpy(void *to, const void *from, size_t bytes, int kind) {
  if (captures) return refuse(CAPTURE_IMPLICIT, "cudaMemcpy during a capture");
  trace("M %d %zu sync", kind, bytes);
  return copy(to, from, bytes, kind);
}
Error cudaMemcpyAsync(void *to, const void *from, size_t bytes, int kind, void *handle) {
  Stream *stream = stream_of(handle);
  trace("M %d %zu %s", kind, bytes, stream->captures ? "captured" : "async");
  add_node(handle);
  if (stream->captures && kind == HOST_TO_DEVICE) {
    Graph *graph = &stream->graph;
    graph->copies = realloc(graph->copies, (graph->copy_count + 1) * sizeof *graph->copies);
    void *now = malloc(bytes);
    memcpy(now, from, bytes);
    graph->copies[graph->copy_count++] = (HostCopy){from, now, bytes};
  }
  return copy(to, from, bytes, kind);
}
Error cudaMemcpy2DAsync(void *to, size_t to_pitch, const void *from, size_t pitch, size_t width, size_t height, int kind, void *stream) {
  (void)to, (void)to_pitch, (void)from, (void)pitch;
  trace("M %d %zu %s", kind, width * height, stream_of(stream)->captures ? "captured" : "async");
  add_node(stream);
  return SUCCESS;
}
Error cudaMemcpyFromSymbol(void *to, const void *symbol, size_t bytes, size_t offset, int kind) {
  (void)symbol, (void)offset, (void)kind;
  memset(to, 0, bytes);
  return SUCCESS;
}
Error cudaMemset(void *address, int value, size_t bytes) {
  (void)address, (void)value;
  trace("S %zu", bytes);
  return SUCCESS;
}
Error cudaMemsetAsync(void *address, int value, size_t bytes, void *stream) {
  add_node(stream);
  return cudaMemset(address, value, bytes);
}
Error cudaPointerGetAttributes(void *attributes, const void *address) {
  /* struct cudaPointerAttributes: type (2 is a device's), device, addresses on device and host. */
  memset(attributes, 0, 24);
  *(int *)attributes = is_allocated(address, 1) ? 2 : 0;
  ((const void **)attributes)[1] = address;
  return SUCCESS;
}
Error cudaMemPoolCreate(void **pool, void *properties) {
  (void)properties;
  *pool = malloc(1);
  return SUCCESS;
}
Error cudaMemPoolDestroy(void *pool) {
  free(pool);
  return SUCCESS;
}
Error cudaMemPoolGetAttribute(void *pool, int attribute, void *value) {
  (void)pool, (void)attribute;
  *(uint64_t *)value = 0;
  return SUCCESS;
}
Error cudaMemPoolSetAttribute(void *pool, int attribute, void *value) {
  (void)pool, (void)attribute, (void)value;
  return SUCCESS;
}
Error cudaMemPoolTrimTo(void *pool, size_t bytes) {
  (void)pool, (void)bytes;
  return SUCCESS;
}

/* ---- Kernels ---- */

typedef struct {
  const void *host;
  const char *name;
} Kernel;
static Kernel *kernels;
static size_t kernel_count, kernel_room;
static int is_sorted;

void **__cudaRegisterFatBinary(void *binary) {
  static void *handle;
  (void)binary;
  return &handle;
}
void __cudaRegisterFatBinaryEnd(void **handle) { (void)handle; }
void __cudaUnregisterFatBinary(void **handle) { (void)handle; }
void __cudaRegisterVar(void **handle, char *host, char *address, const char *name, int a, size_t bytes, int b, int c) {
  (void)handle, (void)host, (void)address, (void)name, (void)a, (void)bytes, (void)b, (void)c;
}
void __cudaRegisterFunction(void **handle, const char *host, char *device, const char *name, int limit, void *a, void *b,
                            void *c, void *d, int *e) {
  (void)handle, (void)device, (void)limit, (void)a, (void)b, (void)c, (void)d, (void)e;
  pthread_mutex_lock(&lock);
  if (kernel_count == kernel_room) {
    kernel_room = kernel_room ? 2 * kernel_room : 4096;
    kernels = realloc(kernels, kernel_room * sizeof *kernels);
  }
  kernels[kernel_count++] = (Kernel){host, name};
  is_sorted = 0;
  pthread_mutex_unlock(&lock);
}
static int by_address(const void *left, const void *right) {
  const char *a = ((Kernel *)left)->host, *b = ((Kernel *)right)->host;
  return (a > b) - (a < b);
}
static const char *name_of(const void *host) {
  pthread_mutex_lock(&lock);
  if (!is_sorted) qsort(kernels, kernel_count, sizeof *kernels, by_address);
  is_sorted = 1;
  Kernel sought = {host, NULL}, *found = bsearch(&sought, kernels, kernel_count, sizeof *kernels, by_address);
  pthread_mutex_unlock(&lock);
  return found ? found->name : "unknown";
}

static Error launch(const void *kernel, Size3 grid, Size3 block, size_t shared, void *stream) {
  trace("K %s %u,%u,%u %u,%u,%u %zu", name_of(kernel), grid.x, grid.y, grid.z, block.x, block.y, block.z, shared);
  add_node(stream);
  size_t threads = (size_t)block.x * block.y * block.z;
  int is_wrong = !grid.x || !grid.y || !grid.z || grid.y > 65535 || grid.z > 65535 || !threads || threads > 1024;
  return is_wrong || shared > SHARED_BYTES ? refuse(BAD_LAUNCH, name_of(kernel)) : SUCCESS;
}

typedef struct {
  Size3 grid, block;
  size_t shared;
  void *stream;
} Configuration;
static __thread Configuration pushed[16];
static __thread int depth;

unsigned __cudaPushCallConfiguration(Size3 grid, Size3 block, size_t shared, void *stream) {
  if (depth == 16) return 1;
  pushed[depth++] = (Configuration){grid, block, shared, stream};
  return 0;
}
Error __cudaPopCallConfiguration(Size3 *grid, Size3 *block, size_t *shared, void *stream) {
  if (!depth) return refuse(INVALID, "a launch without its sizes");
  Configuration top = pushed[--depth];
  *grid = top.grid;
  *block = top.block;
  *shared = top.shared;
  *(void **)stream = top.stream;
  return SUCCESS;
}
Error __cudaGetKernel(void **kernel, const void *host) {
  *kernel = (void *)host;
  return SUCCESS;
}
Error __cudaLaunchKernel(void *kernel, Size3 grid, Size3 block, void **args, size_t shared, void *stream) {
  (void)args;
  return launch(kernel, grid, block, shared, stream);
}
Error cudaLaunchKernel(const void *kernel, Size3 grid, Size3 block, void **args, size_t shared, void *stream) {
  (void)args;
  return launch(kernel, grid, block, shared, stream);
}
Error cudaLaunchCooperativeKernel(const void *kernel, Size3 grid, Size3 block, void **args, size_t shared, void *stream) {
  (void)args;
  return launch(kernel, grid, block, shared, stream);
}
Error cudaLaunchKernelExC(const Configuration *sizes, const void *kernel, void **args) {
  (void)args;
  return launch(kernel, sizes->grid, sizes->block, sizes->shared, sizes->stream);
}
Error cudaLaunchHostFunc(void *stream, void (*run)(void *), void *data) {
  (void)stream;
  run(data);
  return SUCCESS;
}
Error cudaFuncGetAttributes(void *attributes, const void *kernel) {
  /* struct cudaFuncAttributes: maxThreadsPerBlock is its first int after three sizes. */
  (void)kernel;
  memset(attributes, 0, 56);
  ((int *)attributes)[6] = 1024;
  return SUCCESS;
}
Error cudaFuncSetAttribute(const void *kernel, int attribute, int value) {
  (void)attribute;
  return value > SHARED_BYTES ? refuse(INVALID, name_of(kernel)) : SUCCESS;
}
Error cudaKernelSetAttributeForDevice(void *kernel, int attribute, int value, int device) {
  (void)kernel, (void)attribute, (void)value, (void)device;
  return SUCCESS;
}
Error cudaOccupancyMaxActiveBlocksPerMultiprocessorWithFlags(int *blocks_each, const void *kernel, int threads, size_t shared,
                                                            unsigned flags) {
  (void)kernel, (void)threads, (void)shared, (void)flags;
  *blocks_each = 2;
  return SUCCESS;
}
Error cudaLibraryLoadData(void **library, const void *code, void *a, void *b, unsigned c, void *d, void *e, unsigned f) {
  (void)code, (void)a, (void)b, (void)c, (void)d, (void)e, (void)f;
  *library = malloc(1);
  return SUCCESS;
}
Error cudaLibraryGetKernel(void **kernel, void *library, const char *name) {
  (void)library, (void)name;
  *kernel = malloc(1);
  return SUCCESS;
}
Error cudaLibraryUnload(void *library) {
  free(library);
  return SUCCESS;
}

/* ---- Devices: one of compute capability 9.0 ---- */

Error cudaGetDeviceCount(int *count) {
  *count = 1;
  return SUCCESS;
}
Error cudaGetDevice(int *device) {
  *device = 0;
  return SUCCESS;
}
Error cudaSetDevice(int device) { return device ? refuse(BAD_DEVICE, "cudaSetDevice") : SUCCESS; }
Error cudaDriverGetVersion(int *version) {
  *version = 13000;
  return SUCCESS;
}
Error cudaRuntimeGetVersion(int *version) { return cudaDriverGetVersion(version); }
Error cudaGetDeviceProperties(char *properties, int device) {
  (void)device;
  memset(properties, 0, 1008);
  strcpy(properties, "Stand-in");
  const struct {
    int offset;
    int value;
  } ints[] = {
      {304, 65536},      {308, 32},     {320, 1024},   {324, 1024}, {328, 1024}, {332, 64},  {336, INT32_MAX}, {340, 65535},
      {344, 65535},      {360, 9},      {364, 0},      {384, MULTIPROCESSORS},   {584, 3},   {588, 1},         {596, L2_BYTES},
      {604, 2048},       {632, 65536},  {668, 1},      {720, 1},
  };
  for (size_t i = 0; i < sizeof ints / sizeof *ints; i++) *(int *)(properties + ints[i].offset) = ints[i].value;
  /* totalGlobalMem; shared memory of a block, of a multiprocessor, of a block that asks, kept back. */
  *(size_t *)(properties + 288) = total_bytes();
  *(size_t *)(properties + 296) = 49152;
  *(size_t *)(properties + 624) = SHARED_BYTES + 1024;
  *(size_t *)(properties + 672) = SHARED_BYTES;
  *(size_t *)(properties + 696) = 1024;
  return SUCCESS;
}
Error cudaDeviceGetAttribute(int *value, int attribute, int device) {
  (void)device;
  static const int VALUES[128] = {
      [1] = 1024,  [2] = 1024,  [3] = 1024,       [4] = 64,    [5] = INT32_MAX,         [6] = 65535, [7] = 65535,
      [8] = 49152, [10] = 32,   [12] = 65536,     [16] = MULTIPROCESSORS, [38] = L2_BYTES, [39] = 2048, [75] = 9,
      [76] = 0,    [81] = SHARED_BYTES + 1024,    [82] = 65536, [95] = 1,               [97] = SHARED_BYTES,
  };
  *value = attribute < 128 ? VALUES[attribute] : 0;
  return SUCCESS;
}
Error cudaGetDriverEntryPointByVersion(const char *name, void **function, unsigned version, unsigned long long flags, int *status) {
  (void)name, (void)version, (void)flags;
  *function = NULL;
  if (status) *status = 1;
  return NO_SYMBOL;
}
const char *cudaGetErrorName(Error error) {
  static __thread char text[32];
  snprintf(text, sizeof text, "cudaError%d", error);
  return text;
}
const char *cudaGetErrorString(Error error) { return error == OUT_OF_MEMORY ? "out of memory" : cudaGetErrorName(error); }
Error cudaPeekAtLastError(void) { return last_error; }
Error cudaGetLastError(void) {
  Error error = last_error;
  last_error = SUCCESS;
  return error;
}
Error cuTensorMapEncodeTiled(void *map) {
  memset(map, 0, 128);
  return SUCCESS;
}

/* ---- cuBLAS ---- */

#define MAKES(name)            \
  Error name(void **handle) {  \
    *handle = calloc(1, 64);   \
    return SUCCESS;            \
  }
#define DROPS(name)           \
  Error name(void *handle) {  \
    free(handle);             \
    return SUCCESS;           \
  }
#define IGNORES(name) \
  Error name(void) { return SUCCESS; }
#define TELLS(letter, name)       \
  Error name(void) {              \
    trace(letter " %s", #name);   \
    return SUCCESS;               \
  }

/* A handle's first word is its stream. */
static Error product(void **handle, const char *name, const long sizes[4]) {
  trace("B %s %ldx%ldx%ld %ld times", name, sizes[0], sizes[1], sizes[2], sizes[3]);
  add_node(*handle);
  return SUCCESS;
}
MAKES(cublasCreate_v2)
DROPS(cublasDestroy_v2)
MAKES(cublasLtCreate)
DROPS(cublasLtDestroy)
Error cublasSetStream_v2(void **handle, void *stream) {
  *handle = stream;
  return SUCCESS;
}
IGNORES(cublasSetMathMode)
Error cublasGetMathMode(void *handle, int *mode) {
  (void)handle;
  *mode = 0;
  return SUCCESS;
}
const char *cublasGetStatusName(int status) {
  (void)status;
  return "status of cuBLAS";
}
const char *cublasGetStatusString(int status) { return cublasGetStatusName(status); }
Error cublasGemmEx(void **handle, int a, int b, int m, int n, int k) {
  (void)a, (void)b;
  return product(handle, "GemmEx", (long[]){m, n, k, 1});
}
Error cublasSgemm_v2(void **handle, int a, int b, int m, int n, int k) {
  (void)a, (void)b;
  return product(handle, "Sgemm", (long[]){m, n, k, 1});
}
Error cublasGemmStridedBatchedEx(void **handle, int a, int b, int m, int n, int k) {
  (void)a, (void)b;
  return product(handle, "GemmStridedBatchedEx", (long[]){m, n, k, 0});
}
TELLS("B", cublasDcopy_v2)
TELLS("B", cublasDgeam)
TELLS("B", cublasDgemmBatched)
TELLS("B", cublasDgemmStridedBatched)
TELLS("B", cublasDgemm_v2)
TELLS("B", cublasDgetrfBatched)
TELLS("B", cublasDgetriBatched)
TELLS("B", cublasGemmBatchedEx)
TELLS("B", cublasScopy_v2)
TELLS("B", cublasSgeam)
TELLS("B", cublasSgemmBatched)
TELLS("B", cublasSgemmStridedBatched)
TELLS("B", cublasSgetrfBatched)
TELLS("B", cublasSgetriBatched)
TELLS("B", cublasSscal_v2)
TELLS("B", cublasLtMatmul)
TELLS("B", cublasLtMatrixTransform)
MAKES(cublasLtMatmulDescCreate)
DROPS(cublasLtMatmulDescDestroy)
MAKES(cublasLtMatmulPreferenceCreate)
DROPS(cublasLtMatmulPreferenceDestroy)
MAKES(cublasLtMatrixLayoutCreate)
DROPS(cublasLtMatrixLayoutDestroy)
MAKES(cublasLtMatrixTransformDescCreate)
DROPS(cublasLtMatrixTransformDescDestroy)
IGNORES(cublasLtMatmulAlgoConfigSetAttribute)
IGNORES(cublasLtMatmulAlgoInit)
IGNORES(cublasLtMatmulDescSetAttribute)
IGNORES(cublasLtMatmulPreferenceSetAttribute)
IGNORES(cublasLtMatrixLayoutSetAttribute)
Error cublasLtMatmulAlgoGetHeuristic(void *a, void *b, void *c, void *d, void *e, void *f, void *g, int asked, char *results,
                                     int *count) {
  (void)a, (void)b, (void)c, (void)d, (void)e, (void)f, (void)g, (void)asked;
  memset(results, 0, 96);
  *count = 1;
  return SUCCESS;
}

/* ---- cuDNN: one way for each operation, which needs no workspace ---- */

enum { TYPE_DESCRIPTOR = 15, TYPE_INT32 = 23 };
enum { HEURISTIC_RESULTS = 202, CONFIG_ENGINE = 300, CONFIG_WORKSPACE = 303, CONFIG_SHARED = 304, PLAN_WORKSPACE = 402, ENGINE_INDEX = 1301 };

size_t cudnnGetVersion(void) { return 91300; }
size_t cudnnGetCudartVersion(void) { return 13000; }
const char *cudnnGetErrorString(int status) {
  (void)status;
  return "status of cuDNN";
}
void cudnnGetLastErrorString(char *text, size_t bytes) {
  if (bytes) *text = 0;
}
MAKES(cudnnCreate)
DROPS(cudnnDestroy)
Error cudnnSetStream(void **handle, void *stream) { return cublasSetStream_v2(handle, stream); }
Error cudnnGetStream(void **handle, void **stream) {
  *stream = *handle;
  return SUCCESS;
}
Error cudnnBackendCreateDescriptor(int type, void **descriptor) {
  (void)type;
  *descriptor = calloc(1, 64);
  return SUCCESS;
}
DROPS(cudnnBackendDestroyDescriptor)
IGNORES(cudnnBackendInitialize)
IGNORES(cudnnBackendFinalize)
IGNORES(cudnnBackendSetAttribute)
Error cudnnBackendGetAttribute(void *descriptor, int name, int type, int64_t room, int64_t *count, void *values) {
  (void)descriptor, (void)room;
  int is_one = name == HEURISTIC_RESULTS || name == CONFIG_ENGINE || name == CONFIG_WORKSPACE || name == CONFIG_SHARED ||
               name == PLAN_WORKSPACE || name == ENGINE_INDEX;
  if (count) *count = is_one;
  if (is_one && values && type != TYPE_DESCRIPTOR) memset(values, 0, type == TYPE_INT32 ? 4 : 8);
  return SUCCESS;
}
Error cudnnBackendExecute(void **handle, void *plan, void *values) {
  (void)plan, (void)values;
  trace("D execute");
  add_node(*handle);
  return SUCCESS;
}
#define CALLS(name)           \
  Error name(void **handle) { \
    trace("D %s", #name);     \
    add_node(*handle);        \
    return SUCCESS;           \
  }
CALLS(cudnnActivationForward)
CALLS(cudnnAddTensor)
CALLS(cudnnBatchNormalizationForwardInference)
CALLS(cudnnBatchNormalizationForwardTraining)
CALLS(cudnnConvolutionBiasActivationForward)
CALLS(cudnnConvolutionForward)
CALLS(cudnnLRNCrossChannelForward)
CALLS(cudnnPoolingForward)
CALLS(cudnnRNNForward)
CALLS(cudnnReduceTensor)
CALLS(cudnnSoftmaxForward)
MAKES(cudnnCreateTensorDescriptor)
DROPS(cudnnDestroyTensorDescriptor)
MAKES(cudnnCreateFilterDescriptor)
DROPS(cudnnDestroyFilterDescriptor)
MAKES(cudnnCreateConvolutionDescriptor)
DROPS(cudnnDestroyConvolutionDescriptor)
MAKES(cudnnCreateActivationDescriptor)
DROPS(cudnnDestroyActivationDescriptor)
MAKES(cudnnCreatePoolingDescriptor)
DROPS(cudnnDestroyPoolingDescriptor)
MAKES(cudnnCreateReduceTensorDescriptor)
DROPS(cudnnDestroyReduceTensorDescriptor)
MAKES(cudnnCreateDropoutDescriptor)
DROPS(cudnnDestroyDropoutDescriptor)
MAKES(cudnnCreateLRNDescriptor)
DROPS(cudnnDestroyLRNDescriptor)
MAKES(cudnnCreateRNNDescriptor)
DROPS(cudnnDestroyRNNDescriptor)
MAKES(cudnnCreateRNNDataDescriptor)
DROPS(cudnnDestroyRNNDataDescriptor)
IGNORES(cudnnSetTensorNdDescriptor)
IGNORES(cudnnSetFilterNdDescriptor)
IGNORES(cudnnSetConvolutionNdDescriptor)
IGNORES(cudnnSetConvolutionGroupCount)
IGNORES(cudnnSetConvolutionMathType)
IGNORES(cudnnSetActivationDescriptor)
IGNORES(cudnnSetPoolingNdDescriptor)
IGNORES(cudnnSetReduceTensorDescriptor)
IGNORES(cudnnSetDropoutDescriptor)
IGNORES(cudnnSetLRNDescriptor)
IGNORES(cudnnSetRNNDataDescriptor)
IGNORES(cudnnSetRNNDescriptor_v8)
IGNORES(cudnnDeriveBNTensorDescriptor)
Error cudnnGetReductionWorkspaceSize(void *handle, void *reduction, void *from, void *to, size_t *bytes) {
  (void)handle, (void)reduction, (void)from, (void)to;
  *bytes = 0;
  return SUCCESS;
}
Error cudnnGetReductionIndicesSize(void *handle, void *reduction, void *from, void *to, size_t *bytes) {
  return cudnnGetReductionWorkspaceSize(handle, reduction, from, to, bytes);
}
