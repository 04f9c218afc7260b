// RUN: nncc opt --passes=adopt-quantization --split --no-locations --verify-numerics=random %s | filecheck %s

// There and back is a rounding; quantized weights are real constants.
// CHECK-LABEL: builtin.module
// CHECK: ^bb0(%x: tensor<2x3xf32>):
// CHECK-DAG: %[[X:.*]] = "nn.fake_quantize"(%x) {grid = !quant.uniform<i8:f32, 0.5:3>, rounding = "half_even"}
// CHECK-DAG: %[[W:.*]] = "nn.constant"() {value = dense{{.*}} : tensor<3x2xf32>} : () -> tensor<3x2xf32>
// CHECK: "nn.affine"(%[[X]], %[[W]])
// CHECK-NOT: nn.dequantize
"func.func"() ({
^bb0(%x: tensor<2x3xf32>):
  %0 = "nn.quantize"(%x) {to = tensor<2x3x!quant.uniform<i8:f32, 0.5:3>>, rounding = "half_even"} : (tensor<2x3xf32>) -> tensor<2x3x!quant.uniform<i8:f32, 0.5:3>>
  %1 = "nn.dequantize"(%0) : (tensor<2x3x!quant.uniform<i8:f32, 0.5:3>>) -> tensor<2x3xf32>
  %2 = "nn.constant"() {value = dense<[[1, 2], [-3, 4], [5, -6]]> : tensor<3x2xi8>} : () -> tensor<3x2xi8>
  %3 = "nn.storage_cast"(%2) {to = !quant.uniform<i8:f32:1, {0.1:0, 0.2:0}>} : (tensor<3x2xi8>) -> tensor<3x2x!quant.uniform<i8:f32:1, {0.1:0, 0.2:0}>>
  %4 = "nn.dequantize"(%3) : (tensor<3x2x!quant.uniform<i8:f32:1, {0.1:0, 0.2:0}>>) -> tensor<3x2xf32>
  %5 = "nn.affine"(%1, %4) : (tensor<2x3xf32>, tensor<3x2xf32>) -> tensor<2x2xf32>
  "func.return"(%5) : (tensor<2x2xf32>) -> ()
}) {function_type = (tensor<2x3xf32>) -> tensor<2x2xf32>, sym_name = "main"} : () -> ()

// -----

// What only moves stored integers moves real numbers as well.
// CHECK-LABEL: builtin.module
// CHECK: ^bb0(%x: tensor<1x2x4x4xf32>):
// CHECK-NEXT: %0 = "nn.fake_quantize"(%x) {grid = !quant.uniform<ui8:f32, 0.25:7>, rounding = "half_even"}
// CHECK-NEXT: %1 = "nn.max_pool"(%0) {kernel = array<i64: 2, 2>} : (tensor<1x2x4x4xf32>) -> tensor<1x2x3x3xf32>
// CHECK-NEXT: %2 = "nn.fake_quantize"(%1) {grid = !quant.uniform<ui8:f32, 0.25:7>, rounding = "half_even"}
// CHECK-NEXT: "func.return"(%2)
"func.func"() ({
^bb0(%x: tensor<1x2x4x4xf32>):
  %0 = "nn.quantize"(%x) {to = tensor<1x2x4x4x!quant.uniform<ui8:f32, 0.25:7>>, rounding = "half_even"} : (tensor<1x2x4x4xf32>) -> tensor<1x2x4x4x!quant.uniform<ui8:f32, 0.25:7>>
  %1 = "nn.storage_cast"(%0) {to = ui8} : (tensor<1x2x4x4x!quant.uniform<ui8:f32, 0.25:7>>) -> tensor<1x2x4x4xui8>
  %2 = "nn.max_pool"(%1) {kernel = [2, 2]} : (tensor<1x2x4x4xui8>) -> tensor<1x2x3x3xui8>
  %3 = "nn.storage_cast"(%2) {to = !quant.uniform<ui8:f32, 0.25:7>} : (tensor<1x2x3x3xui8>) -> tensor<1x2x3x3x!quant.uniform<ui8:f32, 0.25:7>>
  %4 = "nn.dequantize"(%3) : (tensor<1x2x3x3x!quant.uniform<ui8:f32, 0.25:7>>) -> tensor<1x2x3x3xf32>
  "func.return"(%4) : (tensor<1x2x3x3xf32>) -> ()
}) {function_type = (tensor<1x2x4x4xf32>) -> tensor<1x2x3x3xf32>, sym_name = "main"} : () -> ()

// -----

// Integers that are inputs and outputs are converted by arithmetic.
// CHECK-LABEL: builtin.module
// CHECK: ^bb0(%x: tensor<4xi8>):
// CHECK-NEXT: %0 = "nn.cast"(%x) {to = f32}
// CHECK: nn.sub
// CHECK: nn.mul
// CHECK: %[[X:.*]] = "nn.fake_quantize"(%{{.*}}) {grid = !quant.uniform<i8:f32, 0.5:3>, rounding = "half_even"}
// CHECK-NEXT: %[[Y:.*]] = "nn.relu"(%[[X]])
// CHECK: nn.fake_quantize
// CHECK: nn.div
// CHECK: nn.round
// CHECK: "nn.cast"(%{{.*}}) {to = i8}
"func.func"() ({
^bb0(%x: tensor<4xi8>):
  %0 = "nn.storage_cast"(%x) {to = !quant.uniform<i8:f32, 0.5:3>} : (tensor<4xi8>) -> tensor<4x!quant.uniform<i8:f32, 0.5:3>>
  %1 = "nn.dequantize"(%0) : (tensor<4x!quant.uniform<i8:f32, 0.5:3>>) -> tensor<4xf32>
  %2 = "nn.relu"(%1) : (tensor<4xf32>) -> tensor<4xf32>
  %3 = "nn.quantize"(%2) {to = tensor<4x!quant.uniform<i8:f32, 0.25:-9>>} : (tensor<4xf32>) -> tensor<4x!quant.uniform<i8:f32, 0.25:-9>>
  %4 = "nn.storage_cast"(%3) {to = i8} : (tensor<4x!quant.uniform<i8:f32, 0.25:-9>>) -> tensor<4xi8>
  "func.return"(%4) : (tensor<4xi8>) -> ()
}) {function_type = (tensor<4xi8>) -> tensor<4xi8>, sym_name = "main"} : () -> ()

// -----

// Integers of 16 bits stay.
// CHECK-LABEL: builtin.module
// CHECK: ^bb0(%x: tensor<4xf32>):
// CHECK-NEXT: nn.quantize
// CHECK-NEXT: nn.dequantize
"func.func"() ({
^bb0(%x: tensor<4xf32>):
  %0 = "nn.quantize"(%x) {to = tensor<4x!quant.uniform<i16:f32, 0.5>>} : (tensor<4xf32>) -> tensor<4x!quant.uniform<i16:f32, 0.5>>
  %1 = "nn.dequantize"(%0) : (tensor<4x!quant.uniform<i16:f32, 0.5>>) -> tensor<4xf32>
  "func.return"(%1) : (tensor<4xf32>) -> ()
}) {function_type = (tensor<4xf32>) -> tensor<4xf32>, sym_name = "main"} : () -> ()
