// RUN: nncc opt --passes=recognize-channel-shuffle --split --no-locations --verify-numerics=random %s | filecheck %s

// Channels in two groups, the groups and the channels in them exchanged.
// CHECK-LABEL: builtin.module
// CHECK: ^bb0(%x: tensor<1x8x8x8xf32>):
// CHECK-NEXT: %0 = "nn.channel_shuffle"(%x) {groups = 2 : i64} : (tensor<1x8x8x8xf32>) -> tensor<1x8x8x8xf32>
// CHECK-NEXT: "func.return"(%0) : (tensor<1x8x8x8xf32>) -> ()
"func.func"() ({
^bb0(%x: tensor<1x8x8x8xf32>):
  %0 = "nn.reshape"(%x) {shape = array<i64: 1, 2, 4, 8, 8>} : (tensor<1x8x8x8xf32>) -> tensor<1x2x4x8x8xf32>
  %1 = "nn.transpose"(%0) {perm = array<i64: 0, 2, 1, 3, 4>} : (tensor<1x2x4x8x8xf32>) -> tensor<1x4x2x8x8xf32>
  %2 = "nn.reshape"(%1) {shape = array<i64: 1, 8, 8, 8>} : (tensor<1x4x2x8x8xf32>) -> tensor<1x8x8x8xf32>
  "func.return"(%2) : (tensor<1x8x8x8xf32>) -> ()
}) {function_type = (tensor<1x8x8x8xf32>) -> tensor<1x8x8x8xf32>, sym_name = "main"} : () -> ()

// -----

// Not recognized: the transpose moves rows, too.
// CHECK-LABEL: builtin.module
// CHECK: ^bb0(%x: tensor<1x8x8x8xf32>):
// CHECK-NEXT: %0 = "nn.reshape"(%x) {shape = array<i64: 1, 2, 4, 8, 8>} : (tensor<1x8x8x8xf32>) -> tensor<1x2x4x8x8xf32>
// CHECK-NEXT: %1 = "nn.transpose"(%0) {perm = array<i64: 0, 2, 1, 4, 3>} : (tensor<1x2x4x8x8xf32>) -> tensor<1x4x2x8x8xf32>
// CHECK-NEXT: %2 = "nn.reshape"(%1) {shape = array<i64: 1, 8, 8, 8>} : (tensor<1x4x2x8x8xf32>) -> tensor<1x8x8x8xf32>
// CHECK-NEXT: "func.return"(%2) : (tensor<1x8x8x8xf32>) -> ()
"func.func"() ({
^bb0(%x: tensor<1x8x8x8xf32>):
  %0 = "nn.reshape"(%x) {shape = array<i64: 1, 2, 4, 8, 8>} : (tensor<1x8x8x8xf32>) -> tensor<1x2x4x8x8xf32>
  %1 = "nn.transpose"(%0) {perm = array<i64: 0, 2, 1, 4, 3>} : (tensor<1x2x4x8x8xf32>) -> tensor<1x4x2x8x8xf32>
  %2 = "nn.reshape"(%1) {shape = array<i64: 1, 8, 8, 8>} : (tensor<1x4x2x8x8xf32>) -> tensor<1x8x8x8xf32>
  "func.return"(%2) : (tensor<1x8x8x8xf32>) -> ()
}) {function_type = (tensor<1x8x8x8xf32>) -> tensor<1x8x8x8xf32>, sym_name = "main"} : () -> ()

// -----

// Not recognized: the channels are not put together again.
// CHECK-LABEL: builtin.module
// CHECK: ^bb0(%x: tensor<1x8x8x8xf32>):
// CHECK-NEXT: %0 = "nn.reshape"(%x) {shape = array<i64: 1, 2, 4, 8, 8>} : (tensor<1x8x8x8xf32>) -> tensor<1x2x4x8x8xf32>
// CHECK-NEXT: %1 = "nn.transpose"(%0) {perm = array<i64: 0, 2, 1, 3, 4>} : (tensor<1x2x4x8x8xf32>) -> tensor<1x4x2x8x8xf32>
// CHECK-NEXT: %2 = "nn.reshape"(%1) {shape = array<i64: 1, 4, 16, 8>} : (tensor<1x4x2x8x8xf32>) -> tensor<1x4x16x8xf32>
// CHECK-NEXT: "func.return"(%2) : (tensor<1x4x16x8xf32>) -> ()
"func.func"() ({
^bb0(%x: tensor<1x8x8x8xf32>):
  %0 = "nn.reshape"(%x) {shape = array<i64: 1, 2, 4, 8, 8>} : (tensor<1x8x8x8xf32>) -> tensor<1x2x4x8x8xf32>
  %1 = "nn.transpose"(%0) {perm = array<i64: 0, 2, 1, 3, 4>} : (tensor<1x2x4x8x8xf32>) -> tensor<1x4x2x8x8xf32>
  %2 = "nn.reshape"(%1) {shape = array<i64: 1, 4, 16, 8>} : (tensor<1x4x2x8x8xf32>) -> tensor<1x4x16x8xf32>
  "func.return"(%2) : (tensor<1x4x16x8xf32>) -> ()
}) {function_type = (tensor<1x8x8x8xf32>) -> tensor<1x4x16x8xf32>, sym_name = "main"} : () -> ()
