// RUN: nncc opt --passes=lower-to-c --split --no-locations --verify-numerics=random %s | filecheck %s

// What says how to compute becomes attributes: a transpose is a copy with other strides, a reshape a view.
// CHECK-LABEL: builtin.module
// CHECK: ^bb0(%arg0: tensor<2x3xf32>):
// CHECK-NEXT: %0 = "c.copy"(%arg0) {shape = array<i64: 3, 2>, strides = array<i64: 1, 3>} : (tensor<2x3xf32>) -> tensor<3x2xf32>
// CHECK-NEXT: %1 = "c.view"(%0) : (tensor<3x2xf32>) -> tensor<6xf32>
// CHECK-NEXT: %result0 = "c.unary"(%1) {function = "identity", lower = 0.0 : f64} : (tensor<6xf32>) -> tensor<6xf32>
// CHECK-NEXT: "func.return"(%result0) : (tensor<6xf32>) -> ()
"func.func"() ({
^bb0(%x: tensor<2x3xf32>):
  %perm = "tfl.pseudo_const"() {value = dense<[1, 0]> : tensor<2xi32>} : () -> tensor<2xi32>
  %shape = "tfl.pseudo_const"() {value = dense<[6]> : tensor<1xi32>} : () -> tensor<1xi32>
  %0 = "tfl.transpose"(%x, %perm) : (tensor<2x3xf32>, tensor<2xi32>) -> tensor<3x2xf32>
  %1 = "tfl.reshape"(%0, %shape) : (tensor<3x2xf32>, tensor<1xi32>) -> tensor<6xf32>
  %2 = "tfl.relu"(%1) : (tensor<6xf32>) -> tensor<6xf32>
  "func.return"(%2) : (tensor<6xf32>) -> ()
}) {function_type = (tensor<2x3xf32>) -> tensor<6xf32>, sym_name = "main"} : () -> ()
