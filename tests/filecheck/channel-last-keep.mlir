// RUN: nncc opt '--passes=channel-last{io=keep}' --split --no-locations --verify-numerics=random %s | filecheck %s

// The model's interface stays (N, C, H, W): one transpose at each end, none between.
// CHECK-LABEL: builtin.module
// CHECK: ^bb0(%x: tensor<1x3x8x8xf32>):
// CHECK-NEXT: %0 = "nn.constant"() {value = dense<0.5> : tensor<4x3x3x3xf32>} : () -> tensor<4x3x3x3xf32>
// CHECK-NEXT: %1 = "nn.transpose"(%x) {perm = array<i64: 0, 2, 3, 1>} : (tensor<1x3x8x8xf32>) -> tensor<1x8x8x3xf32>
// CHECK-NEXT: %2 = "nn.conv"(%1, %0) {channel_last = true} : (tensor<1x8x8x3xf32>, tensor<4x3x3x3xf32>) -> tensor<1x6x6x4xf32>
// CHECK-NEXT: %3 = "nn.relu"(%2) : (tensor<1x6x6x4xf32>) -> tensor<1x6x6x4xf32>
// CHECK-NEXT: %4 = "nn.constant"() {value = dense<0.5> : tensor<2x4x3x3xf32>} : () -> tensor<2x4x3x3xf32>
// CHECK-NEXT: %5 = "nn.conv"(%3, %4) {channel_last = true} : (tensor<1x6x6x4xf32>, tensor<2x4x3x3xf32>) -> tensor<1x4x4x2xf32>
// CHECK-NEXT: %6 = "nn.transpose"(%5) {perm = array<i64: 0, 3, 1, 2>} : (tensor<1x4x4x2xf32>) -> tensor<1x2x4x4xf32>
// CHECK-NEXT: "func.return"(%6) : (tensor<1x2x4x4xf32>) -> ()
// CHECK-NEXT: }) {function_type = (tensor<1x3x8x8xf32>) -> tensor<1x2x4x4xf32>, sym_name = "main"} : () -> ()
"func.func"() ({
^bb0(%x: tensor<1x3x8x8xf32>):
  %0 = "nn.constant"() {value = dense<0.5> : tensor<4x3x3x3xf32>} : () -> tensor<4x3x3x3xf32>
  %1 = "nn.conv"(%x, %0) : (tensor<1x3x8x8xf32>, tensor<4x3x3x3xf32>) -> tensor<1x4x6x6xf32>
  %2 = "nn.relu"(%1) : (tensor<1x4x6x6xf32>) -> tensor<1x4x6x6xf32>
  %3 = "nn.constant"() {value = dense<0.5> : tensor<2x4x3x3xf32>} : () -> tensor<2x4x3x3xf32>
  %4 = "nn.conv"(%2, %3) : (tensor<1x4x6x6xf32>, tensor<2x4x3x3xf32>) -> tensor<1x2x4x4xf32>
  "func.return"(%4) : (tensor<1x2x4x4xf32>) -> ()
}) {function_type = (tensor<1x3x8x8xf32>) -> tensor<1x2x4x4xf32>, sym_name = "main"} : () -> ()
