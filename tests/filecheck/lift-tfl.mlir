// RUN: nncc opt --passes=lift-tfl --split --no-locations --verify-numerics=random %s | filecheck %s

// An image is channel-first in nn, between transposes; pads are those of SAME; names stay.
// CHECK-LABEL: builtin.module
// CHECK: ^bb0(%x: tensor<1x5x5x1xf32>):
// CHECK-DAG: %{{.*}} = "nn.transpose"(%x) {perm = array<i64: 0, 3, 1, 2>} : (tensor<1x5x5x1xf32>) -> tensor<1x1x5x5xf32>
// CHECK: "nn.conv"({{.*}}) {strides = array<i64: 2, 2>, pads = array<i64: 1, 1, 1, 1>} : (tensor<1x1x5x5xf32>, tensor<2x1x3x3xf32>) -> tensor<1x2x3x3xf32>
// CHECK-NEXT: "nn.clip"({{.*}}) {min = 0.0 : f64, max = 6.0 : f64}
// CHECK-NEXT: %y = "nn.transpose"({{.*}}) {perm = array<i64: 0, 2, 3, 1>}
// CHECK-NEXT: "func.return"(%y)
"func.func"() ({
^bb0(%x: tensor<1x5x5x1xf32>):
  %w = "tfl.pseudo_const"() {value = dense<1.0> : tensor<2x3x3x1xf32>} : () -> tensor<2x3x3x1xf32>
  %y = "tfl.conv_2d"(%x, %w) {stride_h = 2, stride_w = 2, fused_activation_function = "RELU6"} : (tensor<1x5x5x1xf32>, tensor<2x3x3x1xf32>) -> tensor<1x3x3x2xf32>
  "func.return"(%y) : (tensor<1x3x3x2xf32>) -> ()
}) {function_type = (tensor<1x5x5x1xf32>) -> tensor<1x3x3x2xf32>, sym_name = "main"} : () -> ()

// -----

// Quantized tensors are real numbers between quantize and dequantize; ports are the integers of the file.
// CHECK-LABEL: builtin.module
// CHECK: ^bb0(%x: tensor<4xi8>):
// CHECK-NEXT: %0 = "nn.storage_cast"(%x) {to = !quant.uniform<i8:f32, 0.5:1>}
// CHECK-NEXT: %1 = "nn.dequantize"(%0) : (tensor<4x!quant.uniform<i8:f32, 0.5:1>>) -> tensor<4xf32>
// CHECK-NEXT: %2 = "nn.sigmoid"(%1)
// CHECK-NEXT: %3 = "nn.quantize"(%2) {to = tensor<4x!quant.uniform<i8:f32, 0.25:-128>>}
// CHECK-NEXT: %4 = "nn.storage_cast"(%3) {to = i8}
// CHECK-NEXT: "func.return"(%4) : (tensor<4xi8>) -> ()
"func.func"() ({
^bb0(%x: tensor<4x!quant.uniform<i8:f32, 0.5:1>>):
  %y = "tfl.logistic"(%x) : (tensor<4x!quant.uniform<i8:f32, 0.5:1>>) -> tensor<4x!quant.uniform<i8:f32, 0.25:-128>>
  "func.return"(%y) : (tensor<4x!quant.uniform<i8:f32, 0.25:-128>>) -> ()
}) {function_type = (tensor<4x!quant.uniform<i8:f32, 0.5:1>>) -> tensor<4x!quant.uniform<i8:f32, 0.25:-128>>, sym_name = "main"} : () -> ()
