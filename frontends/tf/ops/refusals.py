"""Why operators have no lift. The first pattern that an operator's name begins with counts."""

from .registry import no_lift

no_lift(
    "(Stateful|Stateless)?(Random|TruncatedNormal|Multinomial|ParameterizedTruncated|StandardNormal|Uniform)",
    "gives random numbers, which inference must not depend on",
    "export the model for inference (training=False), or give the numbers as an input",
)
no_lift(
    "(VarHandleOp|Variable|VariableV2|ReadVariableOp|Assign|ResourceGather|ResourceScatter|Scatter)",
    "needs a variable, which a frozen graph does not have",
    "freeze the graph, or give the SavedModel or checkpoint itself",
)
no_lift(
    "(HashTable|MutableHashTable|LookupTable|InitializeTable|AnonymousHashTable)",
    "looks up a table, which no target has",
    "do it before or behind the model: --inputs and --outputs cut a frozen graph",
)
no_lift(
    "(String|Regex|StaticRegex|Unicode|Substr|AsString|ReduceJoin|Decode|Encode|ReadFile|WriteFile|ParseExample"
    "|ParseSequence|ParseSingle|ParseTensor)",
    "works on strings or files",
    "do it before or behind the model: --inputs and --outputs cut a frozen graph",
)
no_lift("(Sparse|SerializeSparse|DeserializeSparse)", "works on sparse tensors", "make them dense ones")
no_lift("Ragged", "works on ragged tensors", "make them dense ones, with padding")
no_lift(
    "(Enter|Exit|Merge|Switch|NextIteration|LoopCond|Ref)",
    "is control flow of TensorFlow 1",
    "export the model with tf.compat.v1.enable_control_flow_v2()",
)
no_lift("TensorArray", "is an array of TensorFlow 1", "export the model with tf.compat.v1.enable_control_flow_v2()")
no_lift(
    "(FFT|IFFT|RFFT|IRFFT|BatchFFT|BatchIFFT|Complex|Real|Imag|Angle|Conj)",
    "computes with complex numbers",
    "compute with their parts",
)
no_lift(
    "Quantize", "computes with quantized numbers of TensorFlow 1", "give the float model, and quantize it with nncc"
)
no_lift("(PyFunc|EagerPyFunc)", "calls Python", "write it in operators of TensorFlow")
no_lift("CombinedNonMaxSuppression", "is detection for all classes at once", "use NonMaxSuppressionV4 for each class")
no_lift(
    "(PartitionedCall|StatefulPartitionedCall|RemoteCall|SymbolicGradient)",
    "calls a function that is not in the file",
    "export the model again",
)
