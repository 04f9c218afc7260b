// RUN: nncc opt --passes=lower-to-onnx --split --no-locations %s | filecheck %s

// A loop: what a graph gives is the result of a node in it; values from outside are used as they are.
// CHECK-LABEL: builtin.module
// CHECK: ^bb0(%arg0: tensor<3xf32>, %arg1: tensor<3xf32>, %arg2: tensor<i64>):
// CHECK-NEXT: %w = "onnx.initializer"() {value = dense<[1.0, 2.0, 3.0]> : tensor<3xf32>} : () -> tensor<3xf32>
// CHECK-NEXT: %result0 = "onnx.Loop"(%arg2, %arg0) ({
// CHECK-NEXT: ^bb0(%i: tensor<i64>, %go: tensor<i1>, %a: tensor<3xf32>):
// CHECK-NEXT: %0 = "onnx.Mul"(%a, %w) : (tensor<3xf32>, tensor<3xf32>) -> tensor<3xf32>
// CHECK-NEXT: %1 = "onnx.Add"(%0, %arg1) : (tensor<3xf32>, tensor<3xf32>) -> tensor<3xf32>
// CHECK-NEXT: %2 = "onnx.Identity"(%go) : (tensor<i1>) -> tensor<i1>
// CHECK-NEXT: "onnx.yield"(%2, %1) : (tensor<i1>, tensor<3xf32>) -> ()
// CHECK-NEXT: }) {nncc.absent = array<i64: 1>} : (tensor<i64>, tensor<3xf32>) -> tensor<3xf32>
// CHECK-NEXT: "func.return"(%result0) : (tensor<3xf32>) -> ()
"func.func"() ({
^bb0(%x: tensor<3xf32>, %y: tensor<3xf32>, %n: tensor<i64>):
  %w = "nn.constant"() {value = dense<[1.0, 2.0, 3.0]> : tensor<3xf32>} : () -> tensor<3xf32>
  %z = "nn.loop"(%n, %x) ({
  ^bb0(%i: tensor<i64>, %go: tensor<i1>, %a: tensor<3xf32>):
    %1 = "nn.mul"(%a, %w) : (tensor<3xf32>, tensor<3xf32>) -> tensor<3xf32>
    %2 = "nn.add"(%1, %y) : (tensor<3xf32>, tensor<3xf32>) -> tensor<3xf32>
    "nn.yield"(%go, %2) : (tensor<i1>, tensor<3xf32>) -> ()
  }) {nncc.absent = [1]} : (tensor<i64>, tensor<3xf32>) -> tensor<3xf32>
  "func.return"(%z) : (tensor<3xf32>) -> ()
}) {function_type = (tensor<3xf32>, tensor<3xf32>, tensor<i64>) -> tensor<3xf32>, sym_name = "main"} : () -> ()

// -----

// A branch that gives a value from outside.
// CHECK-LABEL: builtin.module
// CHECK: ^bb0(%arg0: tensor<3xf32>, %arg1: tensor<3xf32>, %arg2: tensor<i1>):
// CHECK-NEXT: %result0 = "onnx.If"(%arg2) ({
// CHECK-NEXT: %0 = "onnx.Exp"(%arg0) : (tensor<3xf32>) -> tensor<3xf32>
// CHECK-NEXT: "onnx.yield"(%0) : (tensor<3xf32>) -> ()
// CHECK-NEXT: }, {
// CHECK-NEXT: %0 = "onnx.Identity"(%arg1) : (tensor<3xf32>) -> tensor<3xf32>
// CHECK-NEXT: "onnx.yield"(%0) : (tensor<3xf32>) -> ()
// CHECK-NEXT: }) : (tensor<i1>) -> tensor<3xf32>
// CHECK-NEXT: "func.return"(%result0) : (tensor<3xf32>) -> ()
"func.func"() ({
^bb0(%x: tensor<3xf32>, %y: tensor<3xf32>, %c: tensor<i1>):
  %z = "nn.if"(%c) ({
    %1 = "nn.exp"(%x) : (tensor<3xf32>) -> tensor<3xf32>
    "nn.yield"(%1) : (tensor<3xf32>) -> ()
  }, {
    "nn.yield"(%y) : (tensor<3xf32>) -> ()
  }) : (tensor<i1>) -> tensor<3xf32>
  "func.return"(%z) : (tensor<3xf32>) -> ()
}) {function_type = (tensor<3xf32>, tensor<3xf32>, tensor<i1>) -> tensor<3xf32>, sym_name = "main"} : () -> ()
