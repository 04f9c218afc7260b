// RUN: nncc opt --passes=recognize-layer-norm --split --no-locations --verify-numerics=random %s | filecheck %s

// With a scale.
// CHECK-LABEL: builtin.module
// CHECK: ^bb0(%x: tensor<1x4xf32>):
// CHECK-NEXT: %0 = "nn.constant"() {value = dense<[1.0, 2.0, 3.0, 4.0]> : tensor<4xf32>} : () -> tensor<4xf32>
// CHECK-NEXT: %1 = "nn.layer_norm"(%x, %0) {axes = array<i64: 1>, epsilon = 0.0009765625 : f64} : (tensor<1x4xf32>, tensor<4xf32>) -> tensor<1x4xf32>
// CHECK-NEXT: "func.return"(%1) : (tensor<1x4xf32>) -> ()
"func.func"() ({
^bb0(%x: tensor<1x4xf32>):
  %0 = "nn.reduce_mean"(%x) {axes = array<i64: 1>} : (tensor<1x4xf32>) -> tensor<1x1xf32>
  %1 = "nn.sub"(%x, %0) : (tensor<1x4xf32>, tensor<1x1xf32>) -> tensor<1x4xf32>
  %2 = "nn.square"(%1) : (tensor<1x4xf32>) -> tensor<1x4xf32>
  %3 = "nn.reduce_mean"(%2) {axes = array<i64: 1>} : (tensor<1x4xf32>) -> tensor<1x1xf32>
  %4 = "nn.constant"() {value = dense<0.0009765625> : tensor<f32>} : () -> tensor<f32>
  %5 = "nn.add"(%3, %4) : (tensor<1x1xf32>, tensor<f32>) -> tensor<1x1xf32>
  %6 = "nn.rsqrt"(%5) : (tensor<1x1xf32>) -> tensor<1x1xf32>
  %7 = "nn.mul"(%1, %6) : (tensor<1x4xf32>, tensor<1x1xf32>) -> tensor<1x4xf32>
  %8 = "nn.constant"() {value = dense<[1.0, 2.0, 3.0, 4.0]> : tensor<4xf32>} : () -> tensor<4xf32>
  %9 = "nn.mul"(%7, %8) : (tensor<1x4xf32>, tensor<4xf32>) -> tensor<1x4xf32>
  "func.return"(%9) : (tensor<1x4xf32>) -> ()
}) {function_type = (tensor<1x4xf32>) -> tensor<1x4xf32>, sym_name = "main"} : () -> ()

// -----

// With scale and bias.
// CHECK-LABEL: builtin.module
// CHECK: ^bb0(%x: tensor<2x3x4xf32>):
// CHECK-NEXT: %0 = "nn.constant"() {value = dense<[1.0, 2.0, 3.0, 4.0]> : tensor<4xf32>} : () -> tensor<4xf32>
// CHECK-NEXT: %1 = "nn.constant"() {value = dense<[4.0, 3.0, 2.0, 1.0]> : tensor<4xf32>} : () -> tensor<4xf32>
// CHECK-NEXT: %2 = "nn.layer_norm"(%x, %0, %1) {axes = array<i64: 2>, epsilon = 0.0009765625 : f64} : (tensor<2x3x4xf32>, tensor<4xf32>, tensor<4xf32>) -> tensor<2x3x4xf32>
// CHECK-NEXT: "func.return"(%2) : (tensor<2x3x4xf32>) -> ()
"func.func"() ({
^bb0(%x: tensor<2x3x4xf32>):
  %0 = "nn.reduce_mean"(%x) {axes = array<i64: 2>} : (tensor<2x3x4xf32>) -> tensor<2x3x1xf32>
  %1 = "nn.sub"(%x, %0) : (tensor<2x3x4xf32>, tensor<2x3x1xf32>) -> tensor<2x3x4xf32>
  %2 = "nn.square"(%1) : (tensor<2x3x4xf32>) -> tensor<2x3x4xf32>
  %3 = "nn.reduce_mean"(%2) {axes = array<i64: 2>} : (tensor<2x3x4xf32>) -> tensor<2x3x1xf32>
  %4 = "nn.constant"() {value = dense<0.0009765625> : tensor<f32>} : () -> tensor<f32>
  %5 = "nn.add"(%3, %4) : (tensor<2x3x1xf32>, tensor<f32>) -> tensor<2x3x1xf32>
  %6 = "nn.rsqrt"(%5) : (tensor<2x3x1xf32>) -> tensor<2x3x1xf32>
  %7 = "nn.mul"(%1, %6) : (tensor<2x3x4xf32>, tensor<2x3x1xf32>) -> tensor<2x3x4xf32>
  %8 = "nn.constant"() {value = dense<[1.0, 2.0, 3.0, 4.0]> : tensor<4xf32>} : () -> tensor<4xf32>
  %9 = "nn.mul"(%7, %8) : (tensor<2x3x4xf32>, tensor<4xf32>) -> tensor<2x3x4xf32>
  %10 = "nn.constant"() {value = dense<[4.0, 3.0, 2.0, 1.0]> : tensor<4xf32>} : () -> tensor<4xf32>
  %11 = "nn.add"(%9, %10) : (tensor<2x3x4xf32>, tensor<4xf32>) -> tensor<2x3x4xf32>
  "func.return"(%11) : (tensor<2x3x4xf32>) -> ()
}) {function_type = (tensor<2x3x4xf32>) -> tensor<2x3x4xf32>, sym_name = "main"} : () -> ()

// -----

// Over several axes, without scale.
// CHECK-LABEL: builtin.module
// CHECK: ^bb0(%x: tensor<2x3x4xf32>):
// CHECK-NEXT: %0 = "nn.layer_norm"(%x) {axes = array<i64: 1, 2>, epsilon = 0.0009765625 : f64} : (tensor<2x3x4xf32>) -> tensor<2x3x4xf32>
// CHECK-NEXT: "func.return"(%0) : (tensor<2x3x4xf32>) -> ()
"func.func"() ({
^bb0(%x: tensor<2x3x4xf32>):
  %0 = "nn.reduce_mean"(%x) {axes = array<i64: 1, 2>} : (tensor<2x3x4xf32>) -> tensor<2x1x1xf32>
  %1 = "nn.sub"(%x, %0) : (tensor<2x3x4xf32>, tensor<2x1x1xf32>) -> tensor<2x3x4xf32>
  %2 = "nn.square"(%1) : (tensor<2x3x4xf32>) -> tensor<2x3x4xf32>
  %3 = "nn.reduce_mean"(%2) {axes = array<i64: 1, 2>} : (tensor<2x3x4xf32>) -> tensor<2x1x1xf32>
  %4 = "nn.constant"() {value = dense<0.0009765625> : tensor<f32>} : () -> tensor<f32>
  %5 = "nn.add"(%3, %4) : (tensor<2x1x1xf32>, tensor<f32>) -> tensor<2x1x1xf32>
  %6 = "nn.rsqrt"(%5) : (tensor<2x1x1xf32>) -> tensor<2x1x1xf32>
  %7 = "nn.mul"(%1, %6) : (tensor<2x3x4xf32>, tensor<2x1x1xf32>) -> tensor<2x3x4xf32>
  "func.return"(%7) : (tensor<2x3x4xf32>) -> ()
}) {function_type = (tensor<2x3x4xf32>) -> tensor<2x3x4xf32>, sym_name = "main"} : () -> ()

// -----

// Not recognized: mean and variance are taken over different axes.
// CHECK-LABEL: builtin.module
// CHECK: ^bb0(%x: tensor<2x3x4xf32>):
// CHECK-NEXT: %0 = "nn.reduce_mean"(%x) {axes = array<i64: 2>} : (tensor<2x3x4xf32>) -> tensor<2x3x1xf32>
// CHECK-NEXT: %1 = "nn.sub"(%x, %0) : (tensor<2x3x4xf32>, tensor<2x3x1xf32>) -> tensor<2x3x4xf32>
// CHECK-NEXT: %2 = "nn.square"(%1) : (tensor<2x3x4xf32>) -> tensor<2x3x4xf32>
// CHECK-NEXT: %3 = "nn.reduce_mean"(%2) {axes = array<i64: 1, 2>} : (tensor<2x3x4xf32>) -> tensor<2x1x1xf32>
// CHECK-NEXT: %4 = "nn.constant"() {value = dense<0.0009765625> : tensor<f32>} : () -> tensor<f32>
// CHECK-NEXT: %5 = "nn.add"(%3, %4) : (tensor<2x1x1xf32>, tensor<f32>) -> tensor<2x1x1xf32>
// CHECK-NEXT: %6 = "nn.rsqrt"(%5) : (tensor<2x1x1xf32>) -> tensor<2x1x1xf32>
// CHECK-NEXT: %7 = "nn.mul"(%1, %6) : (tensor<2x3x4xf32>, tensor<2x1x1xf32>) -> tensor<2x3x4xf32>
// CHECK-NEXT: "func.return"(%7) : (tensor<2x3x4xf32>) -> ()
"func.func"() ({
^bb0(%x: tensor<2x3x4xf32>):
  %0 = "nn.reduce_mean"(%x) {axes = array<i64: 2>} : (tensor<2x3x4xf32>) -> tensor<2x3x1xf32>
  %1 = "nn.sub"(%x, %0) : (tensor<2x3x4xf32>, tensor<2x3x1xf32>) -> tensor<2x3x4xf32>
  %2 = "nn.square"(%1) : (tensor<2x3x4xf32>) -> tensor<2x3x4xf32>
  %3 = "nn.reduce_mean"(%2) {axes = array<i64: 1, 2>} : (tensor<2x3x4xf32>) -> tensor<2x1x1xf32>
  %4 = "nn.constant"() {value = dense<0.0009765625> : tensor<f32>} : () -> tensor<f32>
  %5 = "nn.add"(%3, %4) : (tensor<2x1x1xf32>, tensor<f32>) -> tensor<2x1x1xf32>
  %6 = "nn.rsqrt"(%5) : (tensor<2x1x1xf32>) -> tensor<2x1x1xf32>
  %7 = "nn.mul"(%1, %6) : (tensor<2x3x4xf32>, tensor<2x1x1xf32>) -> tensor<2x3x4xf32>
  "func.return"(%7) : (tensor<2x3x4xf32>) -> ()
}) {function_type = (tensor<2x3x4xf32>) -> tensor<2x3x4xf32>, sym_name = "main"} : () -> ()

// -----

// As flax and Keras compute the variance, with the sums of tf2onnx; the scale comes first.
// CHECK-LABEL: builtin.module
// CHECK: ^bb0(%x: tensor<1x4xf32>):
// CHECK-NEXT: %scale = "nn.constant"() {value = dense<[1.0, 2.0, 3.0, 4.0]> : tensor<4xf32>} : () -> tensor<4xf32>
// CHECK-NEXT: %0 = "nn.layer_norm"(%x, %scale) {axes = array<i64: 1>, epsilon = 0.0009765625 : f64} : (tensor<1x4xf32>, tensor<4xf32>) -> tensor<1x4xf32>
// CHECK-NEXT: "func.return"(%0) : (tensor<1x4xf32>) -> ()
"func.func"() ({
^bb0(%x: tensor<1x4xf32>):
  %quarter = "nn.constant"() {value = dense<0.25> : tensor<f32>} : () -> tensor<f32>
  %epsilon = "nn.constant"() {value = dense<0.0009765625> : tensor<f32>} : () -> tensor<f32>
  %scale = "nn.constant"() {value = dense<[1.0, 2.0, 3.0, 4.0]> : tensor<4xf32>} : () -> tensor<4xf32>
  %0 = "nn.reduce_sum"(%x) {axes = [1]} : (tensor<1x4xf32>) -> tensor<1x1xf32>
  %mean = "nn.mul"(%0, %quarter) : (tensor<1x1xf32>, tensor<f32>) -> tensor<1x1xf32>
  %1 = "nn.square"(%x) : (tensor<1x4xf32>) -> tensor<1x4xf32>
  %2 = "nn.reduce_sum"(%1) {axes = [1]} : (tensor<1x4xf32>) -> tensor<1x1xf32>
  %power = "nn.mul"(%2, %quarter) : (tensor<1x1xf32>, tensor<f32>) -> tensor<1x1xf32>
  %3 = "nn.square"(%mean) : (tensor<1x1xf32>) -> tensor<1x1xf32>
  %variance = "nn.sub"(%power, %3) : (tensor<1x1xf32>, tensor<1x1xf32>) -> tensor<1x1xf32>
  %4 = "nn.add"(%variance, %epsilon) : (tensor<1x1xf32>, tensor<f32>) -> tensor<1x1xf32>
  %5 = "nn.rsqrt"(%4) : (tensor<1x1xf32>) -> tensor<1x1xf32>
  %6 = "nn.mul"(%5, %scale) : (tensor<1x1xf32>, tensor<4xf32>) -> tensor<1x4xf32>
  %7 = "nn.sub"(%x, %mean) : (tensor<1x4xf32>, tensor<1x1xf32>) -> tensor<1x4xf32>
  %8 = "nn.mul"(%7, %6) : (tensor<1x4xf32>, tensor<1x4xf32>) -> tensor<1x4xf32>
  "func.return"(%8) : (tensor<1x4xf32>) -> ()
}) {function_type = (tensor<1x4xf32>) -> tensor<1x4xf32>, sym_name = "main"} : () -> ()
