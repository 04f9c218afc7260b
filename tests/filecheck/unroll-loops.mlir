// RUN: nncc opt --passes=unroll-loops --split --no-locations --verify-numerics=random %s | filecheck %s

// Two trips; what grows has a size in each.
// CHECK-LABEL: builtin.module
// CHECK: ^bb0(%x: tensor<1x3xf32>):
// CHECK: %[[A:.*]] = "nn.exp"(%x) : (tensor<1x3xf32>) -> tensor<1x3xf32>
// CHECK-NEXT: %[[B:.*]] = "nn.concat"(%x, %[[A]]) {axis = 0 : i64} : (tensor<1x3xf32>, tensor<1x3xf32>) -> tensor<2x3xf32>
// CHECK: %[[C:.*]] = "nn.exp"(%x) : (tensor<1x3xf32>) -> tensor<1x3xf32>
// CHECK-NEXT: %y = "nn.concat"(%[[B]], %[[C]]) {axis = 0 : i64} : (tensor<2x3xf32>, tensor<1x3xf32>) -> tensor<3x3xf32>
// CHECK-NEXT: %[[D:.*]] = "nn.reshape"(%[[A]]) {shape = array<i64: 1, 1, 3>} : (tensor<1x3xf32>) -> tensor<1x1x3xf32>
// CHECK-NEXT: %[[E:.*]] = "nn.reshape"(%[[C]]) {shape = array<i64: 1, 1, 3>} : (tensor<1x3xf32>) -> tensor<1x1x3xf32>
// CHECK-NEXT: %s = "nn.concat"(%[[D]], %[[E]]) {axis = 0 : i64} : (tensor<1x1x3xf32>, tensor<1x1x3xf32>) -> tensor<2x1x3xf32>
// CHECK-NEXT: "func.return"(%y, %s) : (tensor<3x3xf32>, tensor<2x1x3xf32>) -> ()
"func.func"() ({
^bb0(%x: tensor<1x3xf32>):
  %n = "nn.constant"() {value = dense<2> : tensor<i64>} : () -> tensor<i64>
  %y, %s = "nn.loop"(%n, %x) ({
  ^bb0(%i: tensor<i64>, %go: tensor<i1>, %a: tensor<?x3xf32>):
    %1 = "nn.exp"(%x) : (tensor<1x3xf32>) -> tensor<1x3xf32>
    %2 = "nn.concat"(%a, %1) {axis = 0} : (tensor<?x3xf32>, tensor<1x3xf32>) -> tensor<?x3xf32>
    "nn.yield"(%go, %2, %1) : (tensor<i1>, tensor<?x3xf32>, tensor<1x3xf32>) -> ()
  }) {nncc.absent = [1]} : (tensor<i64>, tensor<1x3xf32>) -> (tensor<?x3xf32>, tensor<2x1x3xf32>)
  "func.return"(%y, %s) : (tensor<?x3xf32>, tensor<2x1x3xf32>) -> ()
}) {function_type = (tensor<1x3xf32>) -> (tensor<?x3xf32>, tensor<2x1x3xf32>), sym_name = "main"} : () -> ()

// -----

// The data says when this one ends: it stays.
// CHECK-LABEL: builtin.module
// CHECK: "nn.loop"
"func.func"() ({
^bb0(%x: tensor<f32>):
  %n = "nn.constant"() {value = dense<2> : tensor<i64>} : () -> tensor<i64>
  %one = "nn.constant"() {value = dense<1.0> : tensor<f32>} : () -> tensor<f32>
  %y = "nn.loop"(%n, %x) ({
  ^bb0(%i: tensor<i64>, %go: tensor<i1>, %a: tensor<f32>):
    %1 = "nn.add"(%a, %a) : (tensor<f32>, tensor<f32>) -> tensor<f32>
    %2 = "nn.less"(%1, %one) : (tensor<f32>, tensor<f32>) -> tensor<i1>
    "nn.yield"(%2, %1) : (tensor<i1>, tensor<f32>) -> ()
  }) {nncc.absent = [1]} : (tensor<i64>, tensor<f32>) -> tensor<f32>
  "func.return"(%y) : (tensor<f32>) -> ()
}) {function_type = (tensor<f32>) -> tensor<f32>, sym_name = "main"} : () -> ()
