// RUN: nncc opt --passes=lower-to-onnx{opset=13} --split --no-locations %s | filecheck %s

// A convolution with a built-in activation is two operators; the batch stays open.
// CHECK-LABEL: builtin.module
// CHECK: ^bb0(%x: tensor<?x3x8x8xf32, {d0 = "N"}>, %w: tensor<4x3x3x3xf32>):
// CHECK-NEXT: %0 = "onnx.Conv"(%x, %w) {kernel_shape = array<i64: 3, 3>, pads = array<i64: 1, 1, 1, 1>} : (tensor<?x3x8x8xf32, {d0 = "N"}>, tensor<4x3x3x3xf32>) -> tensor<?x4x8x8xf32, {d0 = "N"}>
// CHECK-NEXT: %y = "onnx.Relu"(%0) : (tensor<?x4x8x8xf32, {d0 = "N"}>) -> tensor<?x4x8x8xf32, {d0 = "N"}>
// CHECK-NEXT: "func.return"(%y) : (tensor<?x4x8x8xf32, {d0 = "N"}>) -> ()
"func.func"() ({
^bb0(%x: tensor<?x3x8x8xf32, {d0 = "N"}>, %w: tensor<4x3x3x3xf32>):
  %0 = "nn.conv"(%x, %w) {activation = "relu", pads = array<i64: 1, 1, 1, 1>} : (tensor<?x3x8x8xf32, {d0 = "N"}>, tensor<4x3x3x3xf32>) -> tensor<?x4x8x8xf32, {d0 = "N"}>
  "func.return"(%0) : (tensor<?x4x8x8xf32, {d0 = "N"}>) -> ()
}) {function_type = (tensor<?x3x8x8xf32, {d0 = "N"}>, tensor<4x3x3x3xf32>) -> tensor<?x4x8x8xf32, {d0 = "N"}>, sym_name = "main", arg_attrs = [{nncc.name = "x"}, {nncc.name = "w"}], res_attrs = [{nncc.name = "y"}]} : () -> ()

// -----

// The axes of ReduceSum are an operand from opset 13 on, those of ReduceMean from opset 18 on.
// CHECK-LABEL: builtin.module
// CHECK: %axes = "onnx.initializer"() {value = dense<[1]> : tensor<1xi64>} : () -> tensor<1xi64>
// CHECK-NEXT: %0 = "onnx.ReduceSum"(%x, %axes) : (tensor<2x3x4xf32>, tensor<1xi64>) -> tensor<2x1x4xf32>
// CHECK-NEXT: %y = "onnx.ReduceMean"(%0) {axes = array<i64: 2>, keepdims = 0 : i64} : (tensor<2x1x4xf32>) -> tensor<2x1xf32>
"func.func"() ({
^bb0(%x: tensor<2x3x4xf32>):
  %0 = "nn.reduce_sum"(%x) {axes = array<i64: 1>} : (tensor<2x3x4xf32>) -> tensor<2x1x4xf32>
  %1 = "nn.reduce_mean"(%0) {axes = array<i64: -1>, keep_dims = false} : (tensor<2x1x4xf32>) -> tensor<2x1xf32>
  "func.return"(%1) : (tensor<2x1xf32>) -> ()
}) {function_type = (tensor<2x3x4xf32>) -> tensor<2x1xf32>, sym_name = "main", arg_attrs = [{nncc.name = "x"}], res_attrs = [{nncc.name = "y"}]} : () -> ()

// -----

// Quantized tensors are integers in the file; a relu that the range of its result says as well is left out.
// CHECK-LABEL: builtin.module
// CHECK: %zero_point = "onnx.initializer"() {value = dense<-128> : tensor<i8>} : () -> tensor<i8>
// CHECK-NEXT: %scale = "onnx.initializer"() {value = dense<0.5> : tensor<f32>} : () -> tensor<f32>
// CHECK-NEXT: %0 = "onnx.DequantizeLinear"(%x, %scale, %zero_point) : (tensor<4xi8>, tensor<f32>, tensor<i8>) -> tensor<4xf32>
// CHECK-NEXT: %1 = "onnx.Add"(%0, %0) : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
// CHECK-NEXT: %y = "onnx.QuantizeLinear"(%1, %scale, %zero_point) : (tensor<4xf32>, tensor<f32>, tensor<i8>) -> tensor<4xi8>
"func.func"() ({
^bb0(%x: tensor<4x!quant.uniform<i8:f32, 0.5:-128>>):
  %0 = "nn.add"(%x, %x) {activation = "relu"} : (tensor<4x!quant.uniform<i8:f32, 0.5:-128>>, tensor<4x!quant.uniform<i8:f32, 0.5:-128>>) -> tensor<4x!quant.uniform<i8:f32, 0.5:-128>>
  "func.return"(%0) : (tensor<4x!quant.uniform<i8:f32, 0.5:-128>>) -> ()
}) {function_type = (tensor<4x!quant.uniform<i8:f32, 0.5:-128>>) -> tensor<4x!quant.uniform<i8:f32, 0.5:-128>>, sym_name = "main", arg_attrs = [{nncc.name = "x"}], res_attrs = [{nncc.name = "y"}]} : () -> ()
