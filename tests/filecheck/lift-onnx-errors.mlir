// RUN: nncc opt --passes=lift-onnx --split --verify-diagnostics %s

// All refusals at once: an operator that nobody knows, and one that does not fit; what needs them is not judged.
"builtin.module"() ({
  "func.func"() ({
  ^bb0(%x: tensor<2x3x8x8xf32>, %w: tensor<4x3x3x3xf32>):
    // expected-error@below {{com.example.Unknown cannot be lifted}}
    %a = "onnx.com.example.Unknown"(%x) : (tensor<2x3x8x8xf32>) -> tensor<2x3x8x8xf32>
    // expected-error@below {{Conv has kernel_shape (5, 5) and a weight of type tensor<4x3x3x3xf32>}}
    %b = "onnx.Conv"(%x, %w) {kernel_shape = [5, 5]} : (tensor<2x3x8x8xf32>, tensor<4x3x3x3xf32>) -> tensor<2x4x6x6xf32>
    // expected-error@below {{ImageDecoder decodes compressed images}}
    %c = "onnx.ImageDecoder"(%a) : (tensor<2x3x8x8xf32>) -> tensor<?x?x3xui8>
    %d = "onnx.MaxPool"(%b) {kernel_shape = [9, 9]} : (tensor<2x4x6x6xf32>) -> tensor<2x4x1x1xf32>
    "func.return"(%c, %d) : (tensor<?x?x3xui8>, tensor<2x4x1x1xf32>) -> ()
  }) {function_type = (tensor<2x3x8x8xf32>, tensor<4x3x3x3xf32>) -> (tensor<?x?x3xui8>, tensor<2x4x1x1xf32>), sym_name = "main"} : () -> ()
}) {onnx.opset_import = {"" = 21, com.example = 1}} : () -> ()

// -----

// What a file declares wrongly is not believed; another type of elements is no slip.
"builtin.module"() ({
  "func.func"() ({
  ^bb0(%x: tensor<2x3xf32>):
    // expected-warning@below {{Relu gives tensor<2x3xf32>, the file says tensor<2x4xf32>}}
    %a = "onnx.Relu"(%x) : (tensor<2x3xf32>) -> tensor<2x4xf32>
    // expected-error@below {{Tanh gives tensor<2x3xf32>, but the file says tensor<2x3xf16>}}
    %y = "onnx.Tanh"(%a) : (tensor<2x4xf32>) -> tensor<2x3xf16>
    "func.return"(%y) : (tensor<2x3xf16>) -> ()
  }) {function_type = (tensor<2x3xf32>) -> tensor<2x3xf16>, sym_name = "main"} : () -> ()
}) {onnx.opset_import = {"" = 17}} : () -> ()

// -----

// Sequences have no place at the ports of an nn function.
"builtin.module"() ({
  // expected-error@below {{the output 'y' is a sequence: only tensors can be outputs}}
  "func.func"() ({
  ^bb0(%x: tensor<2x3xf32>):
    %y = "onnx.SplitToSequence"(%x) {axis = 0} : (tensor<2x3xf32>) -> !nncc.sequence<tensor<1x3xf32>>
    "func.return"(%y) : (!nncc.sequence<tensor<1x3xf32>>) -> ()
  }) {function_type = (tensor<2x3xf32>) -> !nncc.sequence<tensor<1x3xf32>>, sym_name = "main", res_attrs = [{nncc.name = "y"}]} : () -> ()
}) {onnx.opset_import = {"" = 17}} : () -> ()
