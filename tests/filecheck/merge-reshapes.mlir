// RUN: nncc opt --passes=merge-reshapes --split --no-locations --verify-numerics=random %s | filecheck %s

// CHECK-LABEL: builtin.module
// CHECK: %0 = "nn.tanh"(%a) : (tensor<1x1x8x4xf32>) -> tensor<1x1x8x4xf32>
// CHECK-NEXT: "func.return"(%0)
"func.func"() ({
^bb0(%a: tensor<1x1x8x4xf32>):
  %0 = "nn.reshape"(%a) {shape = array<i64: 1, 8, 4>} : (tensor<1x1x8x4xf32>) -> tensor<1x8x4xf32>
  %1 = "nn.tanh"(%0) : (tensor<1x8x4xf32>) -> tensor<1x8x4xf32>
  %2 = "nn.reshape"(%1) {shape = array<i64: 1, 1, 8, 4>} : (tensor<1x8x4xf32>) -> tensor<1x1x8x4xf32>
  "func.return"(%2) : (tensor<1x1x8x4xf32>) -> ()
}) {function_type = (tensor<1x1x8x4xf32>) -> tensor<1x1x8x4xf32>, sym_name = "main"} : () -> ()
