// RUN: nncc opt --passes=fix-batch-size --split --no-locations --verify-numerics=random %s | filecheck %s

// The batch, wherever it stands.
// CHECK-LABEL: builtin.module
// CHECK: ^bb0(%x: tensor<1x3xf32>, %y: tensor<1x4xf32>):
// CHECK-NEXT: %0 = "nn.exp"(%x) : (tensor<1x3xf32>) -> tensor<1x3xf32>
// CHECK-NEXT: %1 = "nn.concat"(%0, %y) {axis = 1 : i64} : (tensor<1x3xf32>, tensor<1x4xf32>) -> tensor<1x7xf32>
// CHECK-NEXT: "func.return"(%1) : (tensor<1x7xf32>) -> ()
"func.func"() ({
^bb0(%x: tensor<?x3xf32, {d0 = "N"}>, %y: tensor<?x4xf32, {d0 = "N"}>):
  %0 = "nn.exp"(%x) : (tensor<?x3xf32, {d0 = "N"}>) -> tensor<?x3xf32, {d0 = "N"}>
  %1 = "nn.concat"(%0, %y) {axis = 1 : i64} : (tensor<?x3xf32, {d0 = "N"}>, tensor<?x4xf32, {d0 = "N"}>) -> tensor<?x7xf32, {d0 = "N"}>
  "func.return"(%1) : (tensor<?x7xf32, {d0 = "N"}>) -> ()
}) {function_type = (tensor<?x3xf32, {d0 = "N"}>, tensor<?x4xf32, {d0 = "N"}>) -> tensor<?x7xf32, {d0 = "N"}>, sym_name = "main"} : () -> ()

// -----

// A dimension without name becomes the batch, too.
// CHECK-LABEL: builtin.module
// CHECK: ^bb0(%x: tensor<1x3xf32>):
// CHECK-NEXT: %0 = "nn.exp"(%x) : (tensor<1x3xf32>) -> tensor<1x3xf32>
// CHECK-NEXT: "func.return"(%0) : (tensor<1x3xf32>) -> ()
"func.func"() ({
^bb0(%x: tensor<?x3xf32>):
  %0 = "nn.exp"(%x) : (tensor<?x3xf32>) -> tensor<?x3xf32>
  "func.return"(%0) : (tensor<?x3xf32>) -> ()
}) {function_type = (tensor<?x3xf32>) -> tensor<?x3xf32>, sym_name = "main"} : () -> ()

// -----

// A batch that is a number stays: the model was made for it.
// CHECK-LABEL: builtin.module
// CHECK: ^bb0(%x: tensor<8x3xf32>):
// CHECK-NEXT: %0 = "nn.exp"(%x) : (tensor<8x3xf32>) -> tensor<8x3xf32>
// CHECK-NEXT: "func.return"(%0) : (tensor<8x3xf32>) -> ()
"func.func"() ({
^bb0(%x: tensor<8x3xf32>):
  %0 = "nn.exp"(%x) : (tensor<8x3xf32>) -> tensor<8x3xf32>
  "func.return"(%0) : (tensor<8x3xf32>) -> ()
}) {function_type = (tensor<8x3xf32>) -> tensor<8x3xf32>, sym_name = "main"} : () -> ()

// -----

// Another symbol than that of dimension 0 stays.
// CHECK-LABEL: builtin.module
// CHECK: ^bb0(%x: tensor<1x?x3xf32, {d1 = "T"}>):
// CHECK-NEXT: %0 = "nn.exp"(%x) : (tensor<1x?x3xf32, {d1 = "T"}>) -> tensor<1x?x3xf32, {d1 = "T"}>
// CHECK-NEXT: "func.return"(%0) : (tensor<1x?x3xf32, {d1 = "T"}>) -> ()
"func.func"() ({
^bb0(%x: tensor<?x?x3xf32, {d0 = "N", d1 = "T"}>):
  %0 = "nn.exp"(%x) : (tensor<?x?x3xf32, {d0 = "N", d1 = "T"}>) -> tensor<?x?x3xf32, {d0 = "N", d1 = "T"}>
  "func.return"(%0) : (tensor<?x?x3xf32, {d0 = "N", d1 = "T"}>) -> ()
}) {function_type = (tensor<?x?x3xf32, {d0 = "N", d1 = "T"}>) -> tensor<?x?x3xf32, {d0 = "N", d1 = "T"}>, sym_name = "main"} : () -> ()
