// RUN: nncc opt --passes=eliminate-dead-code --split --no-locations --verify-numerics=random %s | filecheck %s

// What no output needs goes, with the constants that only it used.
// CHECK-LABEL: builtin.module
// CHECK: ^bb0(%x: tensor<3xf32>):
// CHECK-NEXT: %0 = "nn.neg"(%x) : (tensor<3xf32>) -> tensor<3xf32>
// CHECK-NEXT: "func.return"(%0) : (tensor<3xf32>) -> ()
"func.func"() ({
^bb0(%x: tensor<3xf32>):
  %0 = "nn.constant"() {value = dense<[1.0, 2.0, 3.0]> : tensor<3xf32>} : () -> tensor<3xf32>
  %1 = "nn.mul"(%x, %0) : (tensor<3xf32>, tensor<3xf32>) -> tensor<3xf32>
  %2 = "nn.exp"(%1) : (tensor<3xf32>) -> tensor<3xf32>
  %3 = "nn.neg"(%x) : (tensor<3xf32>) -> tensor<3xf32>
  "func.return"(%3) : (tensor<3xf32>) -> ()
}) {function_type = (tensor<3xf32>) -> tensor<3xf32>, sym_name = "main"} : () -> ()

// -----

// An input that nothing uses stays: it is part of the model's interface.
// CHECK-LABEL: builtin.module
// CHECK: ^bb0(%x: tensor<3xf32>, %y: tensor<3xf32>):
// CHECK-NEXT: %0 = "nn.neg"(%x) : (tensor<3xf32>) -> tensor<3xf32>
// CHECK-NEXT: "func.return"(%0) : (tensor<3xf32>) -> ()
"func.func"() ({
^bb0(%x: tensor<3xf32>, %y: tensor<3xf32>):
  %0 = "nn.neg"(%x) : (tensor<3xf32>) -> tensor<3xf32>
  "func.return"(%0) : (tensor<3xf32>) -> ()
}) {function_type = (tensor<3xf32>, tensor<3xf32>) -> tensor<3xf32>, sym_name = "main"} : () -> ()

// -----

// An operation with several results stays whole if one of them is used.
// CHECK-LABEL: builtin.module
// CHECK: ^bb0(%x: tensor<4xf32>):
// CHECK-NEXT: %0, %1 = "nn.split"(%x) {axis = 0 : i64, sizes = array<i64: 1, 3>} : (tensor<4xf32>) -> (tensor<1xf32>, tensor<3xf32>)
// CHECK-NEXT: "func.return"(%1) : (tensor<3xf32>) -> ()
"func.func"() ({
^bb0(%x: tensor<4xf32>):
  %0, %1 = "nn.split"(%x) {axis = 0 : i64, sizes = array<i64: 1, 3>} : (tensor<4xf32>) -> (tensor<1xf32>, tensor<3xf32>)
  "func.return"(%1) : (tensor<3xf32>) -> ()
}) {function_type = (tensor<4xf32>) -> tensor<3xf32>, sym_name = "main"} : () -> ()

// -----

// An operation that is not known to be without effect stays.
// CHECK-LABEL: builtin.module
// CHECK: ^bb0(%x: tensor<3xf32>):
// CHECK-NEXT: "test.log"(%x) : (tensor<3xf32>) -> ()
// CHECK-NEXT: %0 = "test.unknown"(%x) : (tensor<3xf32>) -> tensor<3xf32>
// CHECK-NEXT: "func.return"(%x) : (tensor<3xf32>) -> ()
"func.func"() ({
^bb0(%x: tensor<3xf32>):
  "test.log"(%x) : (tensor<3xf32>) -> ()
  %0 = "test.unknown"(%x) : (tensor<3xf32>) -> tensor<3xf32>
  "func.return"(%x) : (tensor<3xf32>) -> ()
}) {function_type = (tensor<3xf32>) -> tensor<3xf32>, sym_name = "main"} : () -> ()
