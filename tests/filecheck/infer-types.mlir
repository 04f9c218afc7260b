// RUN: nncc opt --passes=infer-types --split --no-locations --verify-numerics=random %s | filecheck %s

// Dimensions that the operands tell become known, from operation to operation.
// CHECK-LABEL: builtin.module
// CHECK: ^bb0(%x: tensor<2x3xf32>):
// CHECK-NEXT: %0 = "nn.exp"(%x) : (tensor<2x3xf32>) -> tensor<2x3xf32>
// CHECK-NEXT: %1 = "nn.transpose"(%0) {perm = array<i64: 1, 0>} : (tensor<2x3xf32>) -> tensor<3x2xf32>
// CHECK-NEXT: "func.return"(%1) : (tensor<3x2xf32>) -> ()
// CHECK-NEXT: }) {function_type = (tensor<2x3xf32>) -> tensor<3x2xf32>, sym_name = "main"} : () -> ()
"func.func"() ({
^bb0(%x: tensor<2x3xf32>):
  %0 = "nn.exp"(%x) : (tensor<2x3xf32>) -> tensor<?x3xf32>
  %1 = "nn.transpose"(%0) {perm = [1, 0]} : (tensor<?x3xf32>) -> tensor<3x?xf32>
  "func.return"(%1) : (tensor<3x?xf32>) -> ()
}) {function_type = (tensor<2x3xf32>) -> tensor<3x?xf32>, sym_name = "main"} : () -> ()

// -----

// A number is more than a symbol.
// CHECK-LABEL: builtin.module
// CHECK: ^bb0(%x: tensor<2x3xf32>, %y: tensor<?x3xf32, {d0 = "N"}>):
// CHECK-NEXT: %0 = "nn.add"(%x, %y) : (tensor<2x3xf32>, tensor<?x3xf32, {d0 = "N"}>) -> tensor<2x3xf32>
// CHECK-NEXT: "func.return"(%0) : (tensor<2x3xf32>) -> ()
"func.func"() ({
^bb0(%x: tensor<2x3xf32>, %y: tensor<?x3xf32, {d0 = "N"}>):
  %0 = "nn.add"(%x, %y) : (tensor<2x3xf32>, tensor<?x3xf32, {d0 = "N"}>) -> tensor<?x3xf32, {d0 = "N"}>
  "func.return"(%0) : (tensor<?x3xf32, {d0 = "N"}>) -> ()
}) {function_type = (tensor<2x3xf32>, tensor<?x3xf32, {d0 = "N"}>) -> tensor<?x3xf32, {d0 = "N"}>, sym_name = "main"} : () -> ()

// -----

// An operation without inference keeps its type.
// CHECK-LABEL: builtin.module
// CHECK: ^bb0(%x: tensor<2x3xf32>):
// CHECK-NEXT: %0 = "test.unknown"(%x) : (tensor<2x3xf32>) -> tensor<?x?xf32>
// CHECK-NEXT: %1 = "nn.exp"(%0) : (tensor<?x?xf32>) -> tensor<?x?xf32>
// CHECK-NEXT: "func.return"(%1) : (tensor<?x?xf32>) -> ()
"func.func"() ({
^bb0(%x: tensor<2x3xf32>):
  %0 = "test.unknown"(%x) : (tensor<2x3xf32>) -> tensor<?x?xf32>
  %1 = "nn.exp"(%0) : (tensor<?x?xf32>) -> tensor<?x?xf32>
  "func.return"(%1) : (tensor<?x?xf32>) -> ()
}) {function_type = (tensor<2x3xf32>) -> tensor<?x?xf32>, sym_name = "main"} : () -> ()
