// RUN: nncc opt --passes=unroll-rnn --split --no-locations --verify-numerics=random %s | filecheck %s

// Two steps of a plain recurrent layer.
// CHECK-LABEL: builtin.module
// CHECK: ^bb0(%x: tensor<2x1x3xf32>):
// CHECK-NEXT: %0 = "nn.constant"() {value = dense<0.5> : tensor<1x4x3xf32>} : () -> tensor<1x4x3xf32>
// CHECK-NEXT: %1 = "nn.constant"() {value = dense<0.5> : tensor<1x4x4xf32>} : () -> tensor<1x4x4xf32>
// CHECK-NEXT: %2 = "nn.reshape"(%0) {shape = array<i64: 4, -1>} : (tensor<1x4x3xf32>) -> tensor<4x3xf32>
// CHECK-NEXT: %3 = "nn.transpose"(%2) {perm = array<i64: 1, 0>} : (tensor<4x3xf32>) -> tensor<3x4xf32>
// CHECK-NEXT: %4 = "nn.reshape"(%1) {shape = array<i64: 4, -1>} : (tensor<1x4x4xf32>) -> tensor<4x4xf32>
// CHECK-NEXT: %5 = "nn.transpose"(%4) {perm = array<i64: 1, 0>} : (tensor<4x4xf32>) -> tensor<4x4xf32>
// CHECK-NEXT: %6 = "nn.affine"(%x, %3) : (tensor<2x1x3xf32>, tensor<3x4xf32>) -> tensor<2x1x4xf32>
// CHECK-NEXT: %7, %8 = "nn.split"(%6) {axis = 0 : i64, sizes = array<i64: 1, 1>} : (tensor<2x1x4xf32>) -> (tensor<1x1x4xf32>, tensor<1x1x4xf32>)
// CHECK-NEXT: %9 = "nn.tanh"(%7) : (tensor<1x1x4xf32>) -> tensor<1x1x4xf32>
// CHECK-NEXT: %10 = "nn.affine"(%9, %5) : (tensor<1x1x4xf32>, tensor<4x4xf32>) -> tensor<1x1x4xf32>
// CHECK-NEXT: %11 = "nn.add"(%8, %10) : (tensor<1x1x4xf32>, tensor<1x1x4xf32>) -> tensor<1x1x4xf32>
// CHECK-NEXT: %12 = "nn.tanh"(%11) : (tensor<1x1x4xf32>) -> tensor<1x1x4xf32>
// CHECK-NEXT: %13 = "nn.concat"(%9, %12) {axis = 0 : i64} : (tensor<1x1x4xf32>, tensor<1x1x4xf32>) -> tensor<2x1x4xf32>
// CHECK-NEXT: %14 = "nn.reshape"(%13) {shape = array<i64: 2, 1, -1, 4>} : (tensor<2x1x4xf32>) -> tensor<2x1x1x4xf32>
// CHECK-NEXT: "func.return"(%14, %12) : (tensor<2x1x1x4xf32>, tensor<1x1x4xf32>) -> ()
"func.func"() ({
^bb0(%x: tensor<2x1x3xf32>):
  %0 = "nn.constant"() {value = dense<0.5> : tensor<1x4x3xf32>} : () -> tensor<1x4x3xf32>
  %1 = "nn.constant"() {value = dense<0.5> : tensor<1x4x4xf32>} : () -> tensor<1x4x4xf32>
  %2, %3 = "nn.rnn"(%x, %0, %1) {hidden = 4 : i64} : (tensor<2x1x3xf32>, tensor<1x4x3xf32>, tensor<1x4x4xf32>) -> (tensor<2x1x1x4xf32>, tensor<1x1x4xf32>)
  "func.return"(%2, %3) : (tensor<2x1x1x4xf32>, tensor<1x1x4xf32>) -> ()
}) {function_type = (tensor<2x1x3xf32>) -> (tensor<2x1x1x4xf32>, tensor<1x1x4xf32>), sym_name = "main"} : () -> ()

// -----

// Not unrolled: the number of steps is not known.
// CHECK-LABEL: builtin.module
// CHECK: ^bb0(%x: tensor<?x1x3xf32, {d0 = "T"}>):
// CHECK-NEXT: %0 = "nn.constant"() {value = dense<0.5> : tensor<1x4x3xf32>} : () -> tensor<1x4x3xf32>
// CHECK-NEXT: %1 = "nn.constant"() {value = dense<0.5> : tensor<1x4x4xf32>} : () -> tensor<1x4x4xf32>
// CHECK-NEXT: %2, %3 = "nn.rnn"(%x, %0, %1) {hidden = 4 : i64} : (tensor<?x1x3xf32, {d0 = "T"}>, tensor<1x4x3xf32>, tensor<1x4x4xf32>) -> (tensor<?x1x1x4xf32, {d0 = "T"}>, tensor<1x1x4xf32>)
// CHECK-NEXT: "func.return"(%2, %3) : (tensor<?x1x1x4xf32, {d0 = "T"}>, tensor<1x1x4xf32>) -> ()
"func.func"() ({
^bb0(%x: tensor<?x1x3xf32, {d0 = "T"}>):
  %0 = "nn.constant"() {value = dense<0.5> : tensor<1x4x3xf32>} : () -> tensor<1x4x3xf32>
  %1 = "nn.constant"() {value = dense<0.5> : tensor<1x4x4xf32>} : () -> tensor<1x4x4xf32>
  %2, %3 = "nn.rnn"(%x, %0, %1) {hidden = 4 : i64} : (tensor<?x1x3xf32, {d0 = "T"}>, tensor<1x4x3xf32>, tensor<1x4x4xf32>) -> (tensor<?x1x1x4xf32, {d0 = "T"}>, tensor<1x1x4xf32>)
  "func.return"(%2, %3) : (tensor<?x1x1x4xf32, {d0 = "T"}>, tensor<1x1x4xf32>) -> ()
}) {function_type = (tensor<?x1x3xf32, {d0 = "T"}>) -> (tensor<?x1x1x4xf32, {d0 = "T"}>, tensor<1x1x4xf32>), sym_name = "main"} : () -> ()
