"""Looks over graphs that `write-graph.ts` wrote: ONNX's checker, shape and type inference to the last op, and whether the
CUDA provider has a kernel for every op and float type.

Needs: pip install onnx onnxruntime sympy. Usage: python check_graph.py [--provider LIBRARY] FILE.onnx ...
LIBRARY is `libonnxruntime_providers_cuda.so` as `npm run install:cuda` puts it in place; no GPU is needed to read it.
"""

import argparse
import re
import sys

import onnx
from onnxruntime.tools.symbolic_shape_infer import SymbolicShapeInference

TYPES = {onnx.TensorProto.FLOAT: "f32", onnx.TensorProto.FLOAT16: "f16"}
# Float types as C++ writes them where a class's first argument stands.
CODES = {b"INS_9MLFloat16": "f16", b"If": "f32"}
# Ops whose kernel's class has another name.
CLASSES = {
    "NhwcConv": "Conv",
    "FusedMatMul": "MatMul",
    "SkipGroupNorm": "GroupNorm",
    "LayerNormalization": "LayerNorm",
    "SkipLayerNormalization": "SkipLayerNorm",
    "InstanceNormalization": "InstanceNorm",
    "Split": "SplitKernel",
    "Identity": "IdentityOp",
}
# Sizes stay on the host by design, and what is made of weights alone is computed there when the session is made.
ON_HOST = {"Shape"}


def strip_weights(model):
    """Weights become inputs: the checker would look for their files beside the model."""
    external = [t for t in model.graph.initializer if t.data_location == onnx.TensorProto.EXTERNAL]
    names = {tensor.name for tensor in external}
    kept = [tensor for tensor in model.graph.initializer if tensor.name not in names]
    model.graph.input.extend(
        onnx.helper.make_tensor_value_info(tensor.name, tensor.data_type, list(tensor.dims)) for tensor in external
    )
    del model.graph.initializer[:]
    model.graph.initializer.extend(kept)
    return names | {tensor.name for tensor in kept}


def split_products(model):
    """The inference tool does not know FusedMatMul: the same product in two ops it knows."""
    nodes = []
    for node in model.graph.node:
        if node.op_type == "FusedMatMul":
            turned = f"{node.output[0]}_turned"
            nodes.append(onnx.helper.make_node("Transpose", [node.input[1]], [turned], perm=[1, 0]))
            node = onnx.helper.make_node("MatMul", [node.input[0], turned], list(node.output))
        nodes.append(node)
    del model.graph.node[:]
    model.graph.node.extend(nodes)


def read_kernels(path):
    """Kernel classes of a provider library by name, each with the float types its instances are made for ("" for all).

    C++ keeps the names of polymorphic classes in a library, a stripped one too.
    """
    kernels = {}
    with open(path, "rb") as file:
        data = file.read()
    for name in set(re.findall(rb"N11onnxruntime(?:7contrib)?4cuda(\d+\w+)", data)):
        length = re.match(rb"\d+", name)[0]
        start, end = len(length), len(length) + int(length)
        kind, arguments = name[start:end].decode(), name[end:]
        made = kernels.setdefault(kind, set())
        made.update(text for code, text in CODES.items() if arguments.startswith(code))
        if not arguments.startswith(b"I") or arguments.startswith(b"ILb"):
            made.add("")
    return kernels


def list_missing(model, types, fixed, kernels):
    """Ops without a kernel for their float type, but those over weights alone and those that stay on the host."""
    missing = set()
    for node in model.graph.node:
        if all(name in fixed for name in node.input if name) or node.op_type in ON_HOST:
            fixed.update(node.output)
            continue
        floats = [TYPES[types[name]] for name in node.input if types.get(name) in TYPES]
        made = kernels.get(CLASSES.get(node.op_type, node.op_type))
        # No float type at all: made for types of another kind, such as indexes.
        if made is None or (made and "" not in made and floats and floats[0] not in made):
            missing.add(f"{node.op_type} in {floats[0] if floats else 'integers'}")
    return missing


def check(path, kernels):
    model = onnx.load(path, load_external_data=False)
    fixed = strip_weights(model)
    onnx.checker.check_model(model)
    original = list(model.graph.node)
    split_products(model)
    inferred = SymbolicShapeInference.infer_shapes(model, auto_merge=True, guess_output_rank=False)
    known = {value.name: value.type.tensor_type for value in inferred.graph.value_info}
    outputs = {value.name: value.type.tensor_type for value in inferred.graph.output}
    unknown = [
        f"{node.op_type} {output}"
        for node in inferred.graph.node
        for output in node.output
        if output and output not in known and output not in outputs
    ]
    halves = sum(value.elem_type == onnx.TensorProto.FLOAT16 for value in known.values())
    print(f"{path}: {len(original)} ops checked, {len(known)} values inferred, {halves} of them in half precision")
    if unknown:
        sys.exit(f"no shape was inferred for: {', '.join(unknown[:10])}")
    if kernels is None:
        return
    types = {name: value.elem_type for name, value in {**known, **outputs}.items()}
    types.update({value.name: value.type.tensor_type.elem_type for value in model.graph.input})
    types.update({tensor.name: tensor.data_type for tensor in model.graph.initializer})
    missing = list_missing(onnx.load(path, load_external_data=False), types, fixed, kernels)
    if missing:
        sys.exit(f"the CUDA provider has no kernel for: {', '.join(sorted(missing))}")
    print("  every op has a kernel on CUDA")


parser = argparse.ArgumentParser()
parser.add_argument("--provider")
parser.add_argument("files", nargs="+")
arguments = parser.parse_args()
table = read_kernels(arguments.provider) if arguments.provider else None
for file in arguments.files:
    check(file, table)
