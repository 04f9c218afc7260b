// RUN: nncc opt --passes=expand-for-tfl --split --no-locations --verify-numerics=random %s | filecheck %s

// Stride 2 on an even size: padding SAME would begin one element later, so the zeros are an operation of their own.
// CHECK-LABEL: builtin.module
// CHECK: ^bb0(%x: tensor<1x8x8x3xf32>, %w: tensor<4x3x3x3xf32>):
// CHECK-NEXT: %0 = "nn.pad"(%x) {pads = array<i64: 0, 1, 1, 0, 0, 1, 1, 0>} : (tensor<1x8x8x3xf32>) -> tensor<1x10x10x3xf32>
// CHECK-NEXT: %1 = "nn.conv"(%0, %w) {strides = array<i64: 2, 2>, channel_last = true} : (tensor<1x10x10x3xf32>, tensor<4x3x3x3xf32>) -> tensor<1x4x4x4xf32>
// CHECK-NEXT: "func.return"(%1) : (tensor<1x4x4x4xf32>) -> ()
"func.func"() ({
^bb0(%x: tensor<1x8x8x3xf32>, %w: tensor<4x3x3x3xf32>):
  %0 = "nn.conv"(%x, %w) {pads = array<i64: 1, 1, 1, 1>, strides = array<i64: 2, 2>, channel_last = true} : (tensor<1x8x8x3xf32>, tensor<4x3x3x3xf32>) -> tensor<1x4x4x4xf32>
  "func.return"(%0) : (tensor<1x4x4x4xf32>) -> ()
}) {function_type = (tensor<1x8x8x3xf32>, tensor<4x3x3x3xf32>) -> tensor<1x4x4x4xf32>, sym_name = "main"} : () -> ()

// -----

// Stride 1: the pads are those of SAME.
// CHECK-LABEL: builtin.module
// CHECK: ^bb0(%x: tensor<1x8x8x3xf32>, %w: tensor<4x3x3x3xf32>):
// CHECK-NEXT: %0 = "nn.conv"(%x, %w) {pads = array<i64: 1, 1, 1, 1>, channel_last = true} : (tensor<1x8x8x3xf32>, tensor<4x3x3x3xf32>) -> tensor<1x8x8x4xf32>
// CHECK-NEXT: "func.return"(%0) : (tensor<1x8x8x4xf32>) -> ()
"func.func"() ({
^bb0(%x: tensor<1x8x8x3xf32>, %w: tensor<4x3x3x3xf32>):
  %0 = "nn.conv"(%x, %w) {pads = array<i64: 1, 1, 1, 1>, channel_last = true} : (tensor<1x8x8x3xf32>, tensor<4x3x3x3xf32>) -> tensor<1x8x8x4xf32>
  "func.return"(%0) : (tensor<1x8x8x4xf32>) -> ()
}) {function_type = (tensor<1x8x8x3xf32>, tensor<4x3x3x3xf32>) -> tensor<1x8x8x4xf32>, sym_name = "main"} : () -> ()

// -----

// TFLite has no softplus.
// CHECK-LABEL: builtin.module
// CHECK: ^bb0(%x: tensor<1x4xf32>):
// CHECK-NEXT: %0 = "nn.abs"(%x) : (tensor<1x4xf32>) -> tensor<1x4xf32>
// CHECK-NEXT: %1 = "nn.constant"() {value = dense<-1.0> : tensor<f32>} : () -> tensor<f32>
// CHECK-NEXT: %2 = "nn.mul"(%0, %1) : (tensor<1x4xf32>, tensor<f32>) -> tensor<1x4xf32>
// CHECK-NEXT: %3 = "nn.exp"(%2) : (tensor<1x4xf32>) -> tensor<1x4xf32>
// CHECK-NEXT: %4 = "nn.relu"(%x) : (tensor<1x4xf32>) -> tensor<1x4xf32>
// CHECK-NEXT: %5 = "nn.constant"() {value = dense<1.0> : tensor<f32>} : () -> tensor<f32>
// CHECK-NEXT: %6 = "nn.add"(%3, %5) : (tensor<1x4xf32>, tensor<f32>) -> tensor<1x4xf32>
// CHECK-NEXT: %7 = "nn.log"(%6) : (tensor<1x4xf32>) -> tensor<1x4xf32>
// CHECK-NEXT: %8 = "nn.add"(%4, %7) : (tensor<1x4xf32>, tensor<1x4xf32>) -> tensor<1x4xf32>
// CHECK-NEXT: "func.return"(%8) : (tensor<1x4xf32>) -> ()
"func.func"() ({
^bb0(%x: tensor<1x4xf32>):
  %0 = "nn.softplus"(%x) : (tensor<1x4xf32>) -> tensor<1x4xf32>
  "func.return"(%0) : (tensor<1x4xf32>) -> ()
}) {function_type = (tensor<1x4xf32>) -> tensor<1x4xf32>, sym_name = "main"} : () -> ()

// -----

// A clip with bounds that no activation has.
// CHECK-LABEL: builtin.module
// CHECK: ^bb0(%x: tensor<1x4xf32>):
// CHECK-NEXT: %0 = "nn.clip"(%x) {min = -2.0 : f64, max = 3.0 : f64} : (tensor<1x4xf32>) -> tensor<1x4xf32>
// CHECK-NEXT: "func.return"(%0) : (tensor<1x4xf32>) -> ()
"func.func"() ({
^bb0(%x: tensor<1x4xf32>):
  %0 = "nn.clip"(%x) {min = -2.0 : f64, max = 3.0 : f64} : (tensor<1x4xf32>) -> tensor<1x4xf32>
  "func.return"(%0) : (tensor<1x4xf32>) -> ()
}) {function_type = (tensor<1x4xf32>) -> tensor<1x4xf32>, sym_name = "main"} : () -> ()

// -----

// A channel shuffle is a transpose between two reshapes.
// CHECK-LABEL: builtin.module
// CHECK: ^bb0(%x: tensor<1x2x2x4xf32>):
// CHECK-NEXT: %0 = "nn.reshape"(%x) {shape = array<i64: 1, 2, 2, 2, 2>} : (tensor<1x2x2x4xf32>) -> tensor<1x2x2x2x2xf32>
// CHECK-NEXT: %1 = "nn.transpose"(%0) {perm = array<i64: 0, 1, 2, 4, 3>} : (tensor<1x2x2x2x2xf32>) -> tensor<1x2x2x2x2xf32>
// CHECK-NEXT: %2 = "nn.reshape"(%1) {shape = array<i64: 1, 2, 2, 4>} : (tensor<1x2x2x2x2xf32>) -> tensor<1x2x2x4xf32>
// CHECK-NEXT: "func.return"(%2) : (tensor<1x2x2x4xf32>) -> ()
"func.func"() ({
^bb0(%x: tensor<1x2x2x4xf32>):
  %0 = "nn.channel_shuffle"(%x) {groups = 2 : i64, axis = 3 : i64} : (tensor<1x2x2x4xf32>) -> tensor<1x2x2x4xf32>
  "func.return"(%0) : (tensor<1x2x2x4xf32>) -> ()
}) {function_type = (tensor<1x2x2x4xf32>) -> tensor<1x2x2x4xf32>, sym_name = "main"} : () -> ()

// -----

// What TFLite has stays.
// CHECK-LABEL: builtin.module
// CHECK: ^bb0(%x: tensor<1x4xf32>):
// CHECK-NEXT: %0 = "nn.exp"(%x) : (tensor<1x4xf32>) -> tensor<1x4xf32>
// CHECK-NEXT: %1 = "nn.tanh"(%0) : (tensor<1x4xf32>) -> tensor<1x4xf32>
// CHECK-NEXT: "func.return"(%1) : (tensor<1x4xf32>) -> ()
"func.func"() ({
^bb0(%x: tensor<1x4xf32>):
  %0 = "nn.exp"(%x) : (tensor<1x4xf32>) -> tensor<1x4xf32>
  %1 = "nn.tanh"(%0) : (tensor<1x4xf32>) -> tensor<1x4xf32>
  "func.return"(%1) : (tensor<1x4xf32>) -> ()
}) {function_type = (tensor<1x4xf32>) -> tensor<1x4xf32>, sym_name = "main"} : () -> ()
