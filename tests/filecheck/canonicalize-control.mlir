// RUN: nncc opt --passes=canonicalize --split --no-locations --verify-numerics=random %s | filecheck %s

// A branch that is always taken.
// CHECK-LABEL: builtin.module
// CHECK: ^bb0(%x: tensor<3xf32>):
// CHECK-NEXT: %y = "nn.exp"(%x) : (tensor<3xf32>) -> tensor<3xf32>
// CHECK-NEXT: "func.return"(%y) : (tensor<3xf32>) -> ()
"func.func"() ({
^bb0(%x: tensor<3xf32>):
  %c = "nn.constant"() {value = dense<true> : tensor<i1>} : () -> tensor<i1>
  %y = "nn.if"(%c) ({
    %1 = "nn.exp"(%x) : (tensor<3xf32>) -> tensor<3xf32>
    "nn.yield"(%1) : (tensor<3xf32>) -> ()
  }, {
    "nn.yield"(%x) : (tensor<3xf32>) -> ()
  }) : (tensor<i1>) -> tensor<3xf32>
  "func.return"(%y) : (tensor<3xf32>) -> ()
}) {function_type = (tensor<3xf32>) -> tensor<3xf32>, sym_name = "main"} : () -> ()

// -----

// What a loop hands on as it is comes from outside; what nobody needs goes; the condition of the first trip is true.
// CHECK-LABEL: builtin.module
// CHECK: %y = "nn.loop"(%n, %x) ({
// CHECK-NEXT: ^bb0(%i: tensor<i64>, %go: tensor<i1>, %a: tensor<3xf32>):
// CHECK-NEXT: %{{.*}} = "nn.constant"() {value = dense<true> : tensor<i1>
// CHECK-NEXT: %[[A:.*]] = "nn.add"(%a, %w) : (tensor<3xf32>, tensor<3xf32>) -> tensor<3xf32>
// CHECK-NEXT: "nn.yield"(%{{.*}}, %[[A]]) : (tensor<i1>, tensor<3xf32>) -> ()
// CHECK-NEXT: }) {nncc.absent = array<i64: 1>} : (tensor<i64>, tensor<3xf32>) -> tensor<3xf32>
// CHECK-NEXT: "func.return"(%y, %w) : (tensor<3xf32>, tensor<3xf32>) -> ()
"func.func"() ({
^bb0(%x: tensor<3xf32>, %w: tensor<3xf32>, %n: tensor<i64>):
  %t = "nn.constant"() {value = dense<true> : tensor<i1>} : () -> tensor<i1>
  %y, %z, %u, %s = "nn.loop"(%n, %t, %x, %w, %x) ({
  ^bb0(%i: tensor<i64>, %go: tensor<i1>, %a: tensor<3xf32>, %b: tensor<3xf32>, %c: tensor<3xf32>):
    %1 = "nn.add"(%a, %b) : (tensor<3xf32>, tensor<3xf32>) -> tensor<3xf32>
    %2 = "nn.exp"(%c) : (tensor<3xf32>) -> tensor<3xf32>
    "nn.yield"(%go, %1, %b, %2, %2) : (tensor<i1>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>) -> ()
  }) : (tensor<i64>, tensor<i1>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>)
      -> (tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<?x3xf32>)
  "func.return"(%y, %z) : (tensor<3xf32>, tensor<3xf32>) -> ()
}) {function_type = (tensor<3xf32>, tensor<3xf32>, tensor<i64>) -> (tensor<3xf32>, tensor<3xf32>),
    sym_name = "main"} : () -> ()

// -----

// A loop of one trip.
// CHECK-LABEL: builtin.module
// CHECK: %y = "nn.exp"(%x) : (tensor<3xf32>) -> tensor<3xf32>
// CHECK-NEXT: %s = "nn.reshape"(%y) {shape = array<i64: 1, 3>} : (tensor<3xf32>) -> tensor<1x3xf32>
// CHECK-NEXT: "func.return"(%y, %s) : (tensor<3xf32>, tensor<1x3xf32>) -> ()
"func.func"() ({
^bb0(%x: tensor<3xf32>):
  %n = "nn.constant"() {value = dense<1> : tensor<i64>} : () -> tensor<i64>
  %y, %s = "nn.loop"(%n, %x) ({
  ^bb0(%i: tensor<i64>, %go: tensor<i1>, %a: tensor<3xf32>):
    %1 = "nn.exp"(%a) : (tensor<3xf32>) -> tensor<3xf32>
    "nn.yield"(%go, %1, %1) : (tensor<i1>, tensor<3xf32>, tensor<3xf32>) -> ()
  }) {nncc.absent = [1]} : (tensor<i64>, tensor<3xf32>) -> (tensor<3xf32>, tensor<?x3xf32>)
  "func.return"(%y, %s) : (tensor<3xf32>, tensor<?x3xf32>) -> ()
}) {function_type = (tensor<3xf32>) -> (tensor<3xf32>, tensor<?x3xf32>), sym_name = "main"} : () -> ()
