// RUN: nncc opt --passes=lower-to-tfl --split --no-locations --verify-numerics=random %s | filecheck %s

// A loop: the condition is a subgraph, what is used from outside is handed on, constants are copied into subgraphs.
// CHECK-LABEL: builtin.module
// CHECK: ^bb0(%arg0: tensor<3xf32>, %arg1: tensor<3xf32>, %arg2: tensor<i64>):
// CHECK-NEXT: %trip = "tfl.pseudo_const"() {value = dense<0> : tensor<i64>} : () -> tensor<i64>
// CHECK-NEXT: %0, %result0, %1, %2 = "tfl.while"(%trip, %arg0, %arg1, %arg2) ({
// CHECK-NEXT: ^bb0(%trip_1: tensor<i64>, %a: tensor<3xf32>, %y: tensor<3xf32>, %n: tensor<i64>):
// CHECK-NEXT: %3 = "tfl.less"(%trip_1, %n) : (tensor<i64>, tensor<i64>) -> tensor<i1>
// CHECK-NEXT: "tfl.yield"(%3) : (tensor<i1>) -> ()
// CHECK-NEXT: }, {
// CHECK-NEXT: ^bb0(%trip_2: tensor<i64>, %a_1: tensor<3xf32>, %y_1: tensor<3xf32>, %n_1: tensor<i64>):
// CHECK-NEXT: %w = "tfl.pseudo_const"() {value = dense<[1.0, 2.0, 3.0]> : tensor<3xf32>} : () -> tensor<3xf32>
// CHECK-NEXT: %3 = "tfl.mul"(%a_1, %w) : (tensor<3xf32>, tensor<3xf32>) -> tensor<3xf32>
// CHECK-NEXT: %4 = "tfl.add"(%3, %y_1) : (tensor<3xf32>, tensor<3xf32>) -> tensor<3xf32>
// CHECK-NEXT: %one = "tfl.pseudo_const"() {value = dense<1> : tensor<i64>} : () -> tensor<i64>
// CHECK-NEXT: %5 = "tfl.add"(%trip_2, %one) : (tensor<i64>, tensor<i64>) -> tensor<i64>
// CHECK-NEXT: "tfl.yield"(%5, %4, %y_1, %n_1) : (tensor<i64>, tensor<3xf32>, tensor<3xf32>, tensor<i64>) -> ()
// CHECK-NEXT: }) : (tensor<i64>, tensor<3xf32>, tensor<3xf32>, tensor<i64>) -> (tensor<i64>, tensor<3xf32>, tensor<3xf32>, tensor<i64>)
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

// A branch: both subgraphs take what either uses.
// CHECK-LABEL: builtin.module
// CHECK: ^bb0(%arg0: tensor<3xf32>, %arg1: tensor<3xf32>, %arg2: tensor<i1>):
// CHECK-NEXT: %result0 = "tfl.if"(%arg2, %arg0, %arg1) ({
// CHECK-NEXT: ^bb0(%x: tensor<3xf32>, %y: tensor<3xf32>):
// CHECK-NEXT: %0 = "tfl.exp"(%x) : (tensor<3xf32>) -> tensor<3xf32>
// CHECK-NEXT: "tfl.yield"(%0) : (tensor<3xf32>) -> ()
// CHECK-NEXT: }, {
// CHECK-NEXT: ^bb0(%x_1: tensor<3xf32>, %y_1: tensor<3xf32>):
// CHECK-NEXT: "tfl.yield"(%y_1) : (tensor<3xf32>) -> ()
// CHECK-NEXT: }) : (tensor<i1>, tensor<3xf32>, tensor<3xf32>) -> tensor<3xf32>
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
