// RUN: nncc opt --passes=loop-rnn --split --no-locations --verify-numerics=random %s | filecheck %s

// A plain layer: one product for all steps, and a loop that adds that of the state.
// CHECK-LABEL: builtin.module
// CHECK: ^bb0(%x: tensor<9x1x3xf32>):
// CHECK-NEXT: %0 = "nn.constant"() {value = dense<0.5> : tensor<1x4x3xf32>} : () -> tensor<1x4x3xf32>
// CHECK-NEXT: %1 = "nn.constant"() {value = dense<0.5> : tensor<1x4x4xf32>} : () -> tensor<1x4x4xf32>
// CHECK-NEXT: %2 = "nn.reshape"(%0) {shape = array<i64: 4, -1>} : (tensor<1x4x3xf32>) -> tensor<4x3xf32>
// CHECK-NEXT: %3 = "nn.transpose"(%2) {perm = array<i64: 1, 0>} : (tensor<4x3xf32>) -> tensor<3x4xf32>
// CHECK-NEXT: %4 = "nn.reshape"(%1) {shape = array<i64: 4, -1>} : (tensor<1x4x4xf32>) -> tensor<4x4xf32>
// CHECK-NEXT: %5 = "nn.transpose"(%4) {perm = array<i64: 1, 0>} : (tensor<4x4xf32>) -> tensor<4x4xf32>
// CHECK-NEXT: %6 = "nn.affine"(%x, %3) : (tensor<9x1x3xf32>, tensor<3x4xf32>) -> tensor<9x1x4xf32>
// CHECK-NEXT: %7 = "nn.reshape"(%6) {shape = array<i64: 9, 1, 1, 4>} : (tensor<9x1x4xf32>) -> tensor<9x1x1x4xf32>
// CHECK-NEXT: %8 = "nn.constant"() {value = dense<0.0> : tensor<1x1x4xf32>} : () -> tensor<1x1x4xf32>
// CHECK-NEXT: %9 = "nn.constant"() {value = dense<9> : tensor<i64>} : () -> tensor<i64>
// CHECK-NEXT: %10 = "nn.constant"() {value = dense<true> : tensor<i1>} : () -> tensor<i1>
// CHECK-NEXT: %11, %12 = "nn.loop"(%9, %10, %8) ({
// CHECK-NEXT: ^bb0(%13: tensor<i64>, %14: tensor<i1>, %15: tensor<1x1x4xf32>):
// CHECK-NEXT: %16 = "nn.gather"(%7, %13) : (tensor<9x1x1x4xf32>, tensor<i64>) -> tensor<1x1x4xf32>
// CHECK-NEXT: %17 = "nn.affine"(%15, %5) : (tensor<1x1x4xf32>, tensor<4x4xf32>) -> tensor<1x1x4xf32>
// CHECK-NEXT: %18 = "nn.add"(%16, %17) : (tensor<1x1x4xf32>, tensor<1x1x4xf32>) -> tensor<1x1x4xf32>
// CHECK-NEXT: %19 = "nn.tanh"(%18) : (tensor<1x1x4xf32>) -> tensor<1x1x4xf32>
// CHECK-NEXT: "nn.yield"(%14, %19, %19) : (tensor<i1>, tensor<1x1x4xf32>, tensor<1x1x4xf32>) -> ()
// CHECK-NEXT: }) : (tensor<i64>, tensor<i1>, tensor<1x1x4xf32>) -> (tensor<1x1x4xf32>, tensor<9x1x1x4xf32>)
// CHECK-NEXT: "func.return"(%12, %11) : (tensor<9x1x1x4xf32>, tensor<1x1x4xf32>) -> ()
"func.func"() ({
^bb0(%x: tensor<9x1x3xf32>):
  %0 = "nn.constant"() {value = dense<0.5> : tensor<1x4x3xf32>} : () -> tensor<1x4x3xf32>
  %1 = "nn.constant"() {value = dense<0.5> : tensor<1x4x4xf32>} : () -> tensor<1x4x4xf32>
  %2, %3 = "nn.rnn"(%x, %0, %1) {hidden = 4 : i64} : (tensor<9x1x3xf32>, tensor<1x4x3xf32>, tensor<1x4x4xf32>) -> (tensor<9x1x1x4xf32>, tensor<1x1x4xf32>)
  "func.return"(%2, %3) : (tensor<9x1x1x4xf32>, tensor<1x1x4xf32>) -> ()
}) {function_type = (tensor<9x1x3xf32>) -> (tensor<9x1x1x4xf32>, tensor<1x1x4xf32>), sym_name = "main"} : () -> ()

// -----

// Both directions in one loop: the product's rows are taken in the order of the trips, and the outputs in that of time.
// CHECK-LABEL: builtin.module
// CHECK: ^bb0(%x: tensor<2x1x3xf32>):
// CHECK-NEXT: %0 = "nn.constant"() {value = dense<0.5> : tensor<2x8x3xf32>} : () -> tensor<2x8x3xf32>
// CHECK-NEXT: %1 = "nn.constant"() {value = dense<0.5> : tensor<2x8x2xf32>} : () -> tensor<2x8x2xf32>
// CHECK-NEXT: %2 = "nn.slice"(%0) {starts = array<i64: 0, 0, 0>, stops = array<i64: 1, 2147483647, 2147483647>, steps = array<i64: 1, 1, 1>} : (tensor<2x8x3xf32>) -> tensor<1x8x3xf32>
// CHECK-NEXT: %3 = "nn.reshape"(%2) {shape = array<i64: 8, -1>} : (tensor<1x8x3xf32>) -> tensor<8x3xf32>
// CHECK-NEXT: %4 = "nn.transpose"(%3) {perm = array<i64: 1, 0>} : (tensor<8x3xf32>) -> tensor<3x8xf32>
// CHECK-NEXT: %5 = "nn.slice"(%1) {starts = array<i64: 0, 0, 0>, stops = array<i64: 1, 2147483647, 2147483647>, steps = array<i64: 1, 1, 1>} : (tensor<2x8x2xf32>) -> tensor<1x8x2xf32>
// CHECK-NEXT: %6 = "nn.reshape"(%5) {shape = array<i64: 8, -1>} : (tensor<1x8x2xf32>) -> tensor<8x2xf32>
// CHECK-NEXT: %7 = "nn.transpose"(%6) {perm = array<i64: 1, 0>} : (tensor<8x2xf32>) -> tensor<2x8xf32>
// CHECK-NEXT: %8 = "nn.slice"(%0) {starts = array<i64: 1, 0, 0>, stops = array<i64: 2, 2147483647, 2147483647>, steps = array<i64: 1, 1, 1>} : (tensor<2x8x3xf32>) -> tensor<1x8x3xf32>
// CHECK-NEXT: %9 = "nn.reshape"(%8) {shape = array<i64: 8, -1>} : (tensor<1x8x3xf32>) -> tensor<8x3xf32>
// CHECK-NEXT: %10 = "nn.transpose"(%9) {perm = array<i64: 1, 0>} : (tensor<8x3xf32>) -> tensor<3x8xf32>
// CHECK-NEXT: %11 = "nn.slice"(%1) {starts = array<i64: 1, 0, 0>, stops = array<i64: 2, 2147483647, 2147483647>, steps = array<i64: 1, 1, 1>} : (tensor<2x8x2xf32>) -> tensor<1x8x2xf32>
// CHECK-NEXT: %12 = "nn.reshape"(%11) {shape = array<i64: 8, -1>} : (tensor<1x8x2xf32>) -> tensor<8x2xf32>
// CHECK-NEXT: %13 = "nn.transpose"(%12) {perm = array<i64: 1, 0>} : (tensor<8x2xf32>) -> tensor<2x8xf32>
// CHECK-NEXT: %14 = "nn.concat"(%4, %10) {axis = 1 : i64} : (tensor<3x8xf32>, tensor<3x8xf32>) -> tensor<3x16xf32>
// CHECK-NEXT: %15 = "nn.affine"(%x, %14) : (tensor<2x1x3xf32>, tensor<3x16xf32>) -> tensor<2x1x16xf32>
// CHECK-NEXT: %16 = "nn.reshape"(%15) {shape = array<i64: 4, 8>} : (tensor<2x1x16xf32>) -> tensor<4x8xf32>
// CHECK-NEXT: %17 = "nn.constant"() {value = dense<{{\[\[\[}}0], [3]], {{\[\[}}2], [1]]]> : tensor<2x2x1xi32>} : () -> tensor<2x2x1xi32>
// CHECK-NEXT: %18 = "nn.gather"(%16, %17) : (tensor<4x8xf32>, tensor<2x2x1xi32>) -> tensor<2x2x1x8xf32>
// CHECK-NEXT: %19 = "nn.constant"() {value = dense<0.0> : tensor<2x1x2xf32>} : () -> tensor<2x1x2xf32>
// CHECK-NEXT: %20 = "nn.constant"() {value = dense<0.0> : tensor<2x1x2xf32>} : () -> tensor<2x1x2xf32>
// CHECK-NEXT: %21 = "nn.constant"() {value = dense<2> : tensor<i64>} : () -> tensor<i64>
// CHECK-NEXT: %22 = "nn.constant"() {value = dense<true> : tensor<i1>} : () -> tensor<i1>
// CHECK-NEXT: %23, %24, %25 = "nn.loop"(%21, %22, %19, %20) ({
// CHECK-NEXT: ^bb0(%29: tensor<i64>, %30: tensor<i1>, %31: tensor<2x1x2xf32>, %32: tensor<2x1x2xf32>):
// CHECK-NEXT: %33 = "nn.gather"(%18, %29) : (tensor<2x2x1x8xf32>, tensor<i64>) -> tensor<2x1x8xf32>
// CHECK-NEXT: %34, %35 = "nn.split"(%31) {axis = 0 : i64, sizes = array<i64: 1, 1>} : (tensor<2x1x2xf32>) -> (tensor<1x1x2xf32>, tensor<1x1x2xf32>)
// CHECK-NEXT: %36 = "nn.affine"(%34, %7) : (tensor<1x1x2xf32>, tensor<2x8xf32>) -> tensor<1x1x8xf32>
// CHECK-NEXT: %37 = "nn.affine"(%35, %13) : (tensor<1x1x2xf32>, tensor<2x8xf32>) -> tensor<1x1x8xf32>
// CHECK-NEXT: %38 = "nn.concat"(%36, %37) {axis = 0 : i64} : (tensor<1x1x8xf32>, tensor<1x1x8xf32>) -> tensor<2x1x8xf32>
// CHECK-NEXT: %39 = "nn.add"(%33, %38) : (tensor<2x1x8xf32>, tensor<2x1x8xf32>) -> tensor<2x1x8xf32>
// CHECK-NEXT: %40, %41, %42, %43 = "nn.split"(%39) {axis = -1 : i64, sizes = array<i64: 2, 2, 2, 2>} : (tensor<2x1x8xf32>) -> (tensor<2x1x2xf32>, tensor<2x1x2xf32>, tensor<2x1x2xf32>, tensor<2x1x2xf32>)
// CHECK-NEXT: %44 = "nn.sigmoid"(%40) : (tensor<2x1x2xf32>) -> tensor<2x1x2xf32>
// CHECK-NEXT: %45 = "nn.tanh"(%42) : (tensor<2x1x2xf32>) -> tensor<2x1x2xf32>
// CHECK-NEXT: %46 = "nn.mul"(%44, %45) : (tensor<2x1x2xf32>, tensor<2x1x2xf32>) -> tensor<2x1x2xf32>
// CHECK-NEXT: %47 = "nn.sigmoid"(%41) : (tensor<2x1x2xf32>) -> tensor<2x1x2xf32>
// CHECK-NEXT: %48 = "nn.mul"(%47, %32) : (tensor<2x1x2xf32>, tensor<2x1x2xf32>) -> tensor<2x1x2xf32>
// CHECK-NEXT: %49 = "nn.add"(%48, %46) : (tensor<2x1x2xf32>, tensor<2x1x2xf32>) -> tensor<2x1x2xf32>
// CHECK-NEXT: %50 = "nn.sigmoid"(%43) : (tensor<2x1x2xf32>) -> tensor<2x1x2xf32>
// CHECK-NEXT: %51 = "nn.tanh"(%49) : (tensor<2x1x2xf32>) -> tensor<2x1x2xf32>
// CHECK-NEXT: %52 = "nn.mul"(%50, %51) : (tensor<2x1x2xf32>, tensor<2x1x2xf32>) -> tensor<2x1x2xf32>
// CHECK-NEXT: "nn.yield"(%30, %52, %49, %52) : (tensor<i1>, tensor<2x1x2xf32>, tensor<2x1x2xf32>, tensor<2x1x2xf32>) -> ()
// CHECK-NEXT: }) : (tensor<i64>, tensor<i1>, tensor<2x1x2xf32>, tensor<2x1x2xf32>) -> (tensor<2x1x2xf32>, tensor<2x1x2xf32>, tensor<2x2x1x2xf32>)
// CHECK-NEXT: %26 = "nn.reshape"(%25) {shape = array<i64: 4, 1, 2>} : (tensor<2x2x1x2xf32>) -> tensor<4x1x2xf32>
// CHECK-NEXT: %27 = "nn.constant"() {value = dense<{{\[\[}}0, 3], [2, 1]]> : tensor<2x2xi32>} : () -> tensor<2x2xi32>
// CHECK-NEXT: %28 = "nn.gather"(%26, %27) : (tensor<4x1x2xf32>, tensor<2x2xi32>) -> tensor<2x2x1x2xf32>
// CHECK-NEXT: "func.return"(%28) : (tensor<2x2x1x2xf32>) -> ()
"func.func"() ({
^bb0(%x: tensor<2x1x3xf32>):
  %0 = "nn.constant"() {value = dense<0.5> : tensor<2x8x3xf32>} : () -> tensor<2x8x3xf32>
  %1 = "nn.constant"() {value = dense<0.5> : tensor<2x8x2xf32>} : () -> tensor<2x8x2xf32>
  %2, %3, %4 = "nn.lstm"(%x, %0, %1) {hidden = 2 : i64, direction = "bidirectional"} : (tensor<2x1x3xf32>, tensor<2x8x3xf32>, tensor<2x8x2xf32>) -> (tensor<2x2x1x2xf32>, tensor<2x1x2xf32>, tensor<2x1x2xf32>)
  "func.return"(%2) : (tensor<2x2x1x2xf32>) -> ()
}) {function_type = (tensor<2x1x3xf32>) -> tensor<2x2x1x2xf32>, sym_name = "main"} : () -> ()
