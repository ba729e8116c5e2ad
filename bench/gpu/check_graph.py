"""Looks over a graph that `write-graph.ts` wrote: ONNX's checker, and shape and type inference to the last op.

Needs: pip install onnx onnxruntime sympy. Usage: python check_graph.py graph.onnx
"""

import sys

import onnx
from onnxruntime.tools.symbolic_shape_infer import SymbolicShapeInference

model = onnx.load(sys.argv[1], load_external_data=False)
for tensor in model.graph.initializer:
    # The checker would look for the files beside the model; the session has a folder of its own for them.
    if tensor.data_location == onnx.TensorProto.EXTERNAL:
        del tensor.external_data[:]
        tensor.data_location = onnx.TensorProto.DEFAULT
        tensor.raw_data = b""
sizes = {onnx.TensorProto.FLOAT16: 2, onnx.TensorProto.FLOAT: 4}
names = {tensor.name for tensor in model.graph.initializer if not tensor.raw_data}
inputs = [
    onnx.helper.make_tensor_value_info(tensor.name, tensor.data_type, list(tensor.dims))
    for tensor in model.graph.initializer
    if tensor.name in names
]
kept = [tensor for tensor in model.graph.initializer if tensor.name not in names]
del model.graph.initializer[:]
model.graph.initializer.extend(kept)
model.graph.input.extend(inputs)
onnx.checker.check_model(model)
# The inference tool does not know this op: the same product in two ops it knows.
nodes = []
for node in model.graph.node:
    if node.op_type == "FusedMatMul":
        turned = f"{node.output[0]}_turned"
        nodes.append(onnx.helper.make_node("Transpose", [node.input[1]], [turned], perm=[1, 0]))
        node = onnx.helper.make_node("MatMul", [node.input[0], turned], list(node.output))
    nodes.append(node)
del model.graph.node[:]
model.graph.node.extend(nodes)
inferred = SymbolicShapeInference.infer_shapes(model, auto_merge=True, guess_output_rank=False)
known = {value.name: value.type.tensor_type for value in inferred.graph.value_info}
unknown = [
    f"{node.op_type} {output}"
    for node in inferred.graph.node
    for output in node.output
    if output and output not in known and output not in {value.name for value in inferred.graph.output}
]
halves = sum(value.elem_type == onnx.TensorProto.FLOAT16 for value in known.values())
print(f"{len(inferred.graph.node)} ops checked, {len(known)} values inferred, {halves} of them in half precision")
if unknown:
    sys.exit(f"no shape was inferred for: {', '.join(unknown[:10])}")
