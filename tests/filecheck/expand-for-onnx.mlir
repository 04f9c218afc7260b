// RUN: nncc opt --passes=expand-for-onnx{opset=13} --split --no-locations --verify-numerics=random %s | filecheck %s

// HardSwish is of opset 14.
// CHECK-LABEL: builtin.module
// CHECK: ^bb0(%x: tensor<2x4xf32>):
// CHECK-NEXT: %0 = "nn.hard_sigmoid"(%x) {alpha = 0.16666666666666666 : f64} : (tensor<2x4xf32>) -> tensor<2x4xf32>
// CHECK-NEXT: %1 = "nn.mul"(%x, %0) : (tensor<2x4xf32>, tensor<2x4xf32>) -> tensor<2x4xf32>
// CHECK-NEXT: "func.return"(%1) : (tensor<2x4xf32>) -> ()
"func.func"() ({
^bb0(%x: tensor<2x4xf32>):
  %0 = "nn.hard_swish"(%x) : (tensor<2x4xf32>) -> tensor<2x4xf32>
  "func.return"(%0) : (tensor<2x4xf32>) -> ()
}) {function_type = (tensor<2x4xf32>) -> tensor<2x4xf32>, sym_name = "main", arg_attrs = [{nncc.name = "x"}], res_attrs = [{nncc.name = "y"}]} : () -> ()

// -----

// What is channel-last stands between transposes; its activation becomes an operation.
// CHECK-LABEL: builtin.module
// CHECK: ^bb0(%x: tensor<1x4x4x2xf32>):
// CHECK-NEXT: %0 = "nn.transpose"(%x) {perm = array<i64: 0, 3, 1, 2>} : (tensor<1x4x4x2xf32>) -> tensor<1x2x4x4xf32>
// CHECK-NEXT: %1 = "nn.max_pool"(%0) {kernel = array<i64: 2, 2>, strides = array<i64: 2, 2>} : (tensor<1x2x4x4xf32>) -> tensor<1x2x2x2xf32>
// CHECK-NEXT: %2 = "nn.transpose"(%1) {perm = array<i64: 0, 2, 3, 1>} : (tensor<1x2x2x2xf32>) -> tensor<1x2x2x2xf32>
// CHECK-NEXT: %3 = "nn.relu"(%2) : (tensor<1x2x2x2xf32>) -> tensor<1x2x2x2xf32>
// CHECK-NEXT: "func.return"(%3) : (tensor<1x2x2x2xf32>) -> ()
"func.func"() ({
^bb0(%x: tensor<1x4x4x2xf32>):
  %0 = "nn.max_pool"(%x) {activation = "relu", channel_last = true, kernel = array<i64: 2, 2>, strides = array<i64: 2, 2>} : (tensor<1x4x4x2xf32>) -> tensor<1x2x2x2xf32>
  "func.return"(%0) : (tensor<1x2x2x2xf32>) -> ()
}) {function_type = (tensor<1x4x4x2xf32>) -> tensor<1x2x2x2xf32>, sym_name = "main", arg_attrs = [{nncc.name = "x"}], res_attrs = [{nncc.name = "y"}]} : () -> ()

// -----

// Softmax takes any axis from opset 13 on: nothing to do.
// CHECK-LABEL: builtin.module
// CHECK: ^bb0(%x: tensor<?x3x4xf32, {d0 = "N"}>):
// CHECK-NEXT: %0 = "nn.softmax"(%x) {axis = 1 : i64} : (tensor<?x3x4xf32, {d0 = "N"}>) -> tensor<?x3x4xf32, {d0 = "N"}>
// CHECK-NEXT: "func.return"(%0) : (tensor<?x3x4xf32, {d0 = "N"}>) -> ()
"func.func"() ({
^bb0(%x: tensor<?x3x4xf32, {d0 = "N"}>):
  %0 = "nn.softmax"(%x) {axis = 1 : i64} : (tensor<?x3x4xf32, {d0 = "N"}>) -> tensor<?x3x4xf32, {d0 = "N"}>
  "func.return"(%0) : (tensor<?x3x4xf32, {d0 = "N"}>) -> ()
}) {function_type = (tensor<?x3x4xf32, {d0 = "N"}>) -> tensor<?x3x4xf32, {d0 = "N"}>, sym_name = "main", arg_attrs = [{nncc.name = "x"}], res_attrs = [{nncc.name = "y"}]} : () -> ()
