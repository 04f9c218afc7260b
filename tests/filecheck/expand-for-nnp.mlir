// RUN: nncc opt --passes=expand-for-nnp --split --no-locations --verify-numerics=random %s | filecheck %s

// Pads that differ at begin and end become an operation: NNabla's are the same at both.
// CHECK-LABEL: builtin.module
// CHECK: ^bb0(%x: tensor<1x3x8x8xf32>, %w: tensor<4x3x3x3xf32>):
// CHECK-NEXT: %0 = "nn.pad"(%x) {pads = array<i64: 0, 0, 0, 0, 0, 0, 1, 1>} : (tensor<1x3x8x8xf32>) -> tensor<1x3x9x9xf32>
// CHECK-NEXT: %1 = "nn.conv"(%0, %w) {strides = array<i64: 2, 2>} : (tensor<1x3x9x9xf32>, tensor<4x3x3x3xf32>) -> tensor<1x4x4x4xf32>
// CHECK-NEXT: "func.return"(%1) : (tensor<1x4x4x4xf32>) -> ()
"func.func"() ({
^bb0(%x: tensor<1x3x8x8xf32>, %w: tensor<4x3x3x3xf32>):
  %0 = "nn.conv"(%x, %w) {pads = array<i64: 0, 0, 1, 1>, strides = array<i64: 2, 2>} : (tensor<1x3x8x8xf32>, tensor<4x3x3x3xf32>) -> tensor<1x4x4x4xf32>
  "func.return"(%0) : (tensor<1x4x4x4xf32>) -> ()
}) {function_type = (tensor<1x3x8x8xf32>, tensor<4x3x3x3xf32>) -> tensor<1x4x4x4xf32>, sym_name = "main"} : () -> ()

// -----

// The batch is N, whatever the source calls it.
// CHECK-LABEL: builtin.module
// CHECK: ^bb0(%x: tensor<?x4xf32, {d0 = "N"}>):
// CHECK-NEXT: %0 = "nn.relu"(%x) : (tensor<?x4xf32, {d0 = "N"}>) -> tensor<?x4xf32, {d0 = "N"}>
"func.func"() ({
^bb0(%x: tensor<?x4xf32, {d0 = "batch_size"}>):
  %0 = "nn.relu"(%x) : (tensor<?x4xf32, {d0 = "batch_size"}>) -> tensor<?x4xf32, {d0 = "batch_size"}>
  "func.return"(%0) : (tensor<?x4xf32, {d0 = "batch_size"}>) -> ()
}) {function_type = (tensor<?x4xf32, {d0 = "batch_size"}>) -> tensor<?x4xf32, {d0 = "batch_size"}>, sym_name = "main"} : () -> ()

// -----

// NNabla's Split takes an axis away: pieces that keep it are slices.
// CHECK-LABEL: builtin.module
// CHECK: ^bb0(%x: tensor<2x5xf32>):
// CHECK-NEXT: %0 = "nn.slice"(%x) {starts = array<i64: 0, 0>, stops = array<i64: 2147483647, 2>, steps = array<i64: 1, 1>} : (tensor<2x5xf32>) -> tensor<2x2xf32>
// CHECK-NEXT: %1 = "nn.slice"(%x) {starts = array<i64: 0, 2>, stops = array<i64: 2147483647, 5>, steps = array<i64: 1, 1>} : (tensor<2x5xf32>) -> tensor<2x3xf32>
"func.func"() ({
^bb0(%x: tensor<2x5xf32>):
  %0, %1 = "nn.split"(%x) {axis = 1 : i64, sizes = array<i64: 2, 3>} : (tensor<2x5xf32>) -> (tensor<2x2xf32>, tensor<2x3xf32>)
  "func.return"(%0, %1) : (tensor<2x2xf32>, tensor<2x3xf32>) -> ()
}) {function_type = (tensor<2x5xf32>) -> (tensor<2x2xf32>, tensor<2x3xf32>), sym_name = "main"} : () -> ()

// -----

// NNabla sorts all: the greatest are the first ones.
// CHECK-LABEL: builtin.module
// CHECK: "nn.sort"(%x) {axis = 1 : i64, descending = true}
// CHECK-COUNT-2: "nn.slice"
"func.func"() ({
^bb0(%x: tensor<2x5xf32>):
  %0, %1 = "nn.top_k"(%x) {k = 3 : i64} : (tensor<2x5xf32>) -> (tensor<2x3xf32>, tensor<2x3xi32>)
  "func.return"(%0, %1) : (tensor<2x3xf32>, tensor<2x3xi32>) -> ()
}) {function_type = (tensor<2x5xf32>) -> (tensor<2x3xf32>, tensor<2x3xi32>), sym_name = "main"} : () -> ()

// -----

// NNabla computes the same in every run: both branches, and a choice.
// CHECK-LABEL: builtin.module
// CHECK: ^bb0(%x: tensor<2xf32>, %c: tensor<i1>):
// CHECK-NEXT: %0 = "nn.exp"(%x) : (tensor<2xf32>) -> tensor<2xf32>
// CHECK-NEXT: %1 = "nn.sin"(%x) : (tensor<2xf32>) -> tensor<2xf32>
// CHECK-NEXT: %2 = "nn.select"(%c, %0, %1) : (tensor<i1>, tensor<2xf32>, tensor<2xf32>) -> tensor<2xf32>
// CHECK-NEXT: "func.return"(%2) : (tensor<2xf32>) -> ()
"func.func"() ({
^bb0(%x: tensor<2xf32>, %c: tensor<i1>):
  %0 = "nn.if"(%c) ({
    %1 = "nn.exp"(%x) : (tensor<2xf32>) -> tensor<2xf32>
    "nn.yield"(%1) : (tensor<2xf32>) -> ()
  }, {
    %2 = "nn.sin"(%x) : (tensor<2xf32>) -> tensor<2xf32>
    "nn.yield"(%2) : (tensor<2xf32>) -> ()
  }) : (tensor<i1>) -> tensor<2xf32>
  "func.return"(%0) : (tensor<2xf32>) -> ()
}) {function_type = (tensor<2xf32>, tensor<i1>) -> tensor<2xf32>, sym_name = "main"} : () -> ()
