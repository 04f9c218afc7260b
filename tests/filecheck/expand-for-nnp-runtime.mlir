// RUN: nncc opt --passes=expand-for-nnp{runtime=nnablart} --split --no-locations --verify-numerics=random %s | filecheck %s

// nnabla-c-runtime takes no indices: what stands at constant places is sliced, and repeated as a whole.
// CHECK-LABEL: builtin.module
// CHECK: "nn.slice"(%x) {starts = array<i64: 0, 1>, stops = array<i64: 2147483647, 4>, steps = array<i64: 1, 1>} : (tensor<2x5xf32>) -> tensor<2x3xf32>
// CHECK-NEXT: "nn.reshape"
// CHECK-NEXT: "nn.broadcast_to"(%{{.*}}) {shape = array<i64: 2, 3, 2>} : (tensor<2x3x1xf32>) -> tensor<2x3x2xf32>
// CHECK-NEXT: "nn.reshape"
"func.func"() ({
^bb0(%x: tensor<2x5xf32>):
  %i = "nn.constant"() {value = dense<[1, 1, 2, 2, 3, 3]> : tensor<6xi32>} : () -> tensor<6xi32>
  %0 = "nn.gather"(%x, %i) {axis = 1} : (tensor<2x5xf32>, tensor<6xi32>) -> tensor<2x6xf32>
  "func.return"(%0) : (tensor<2x6xf32>) -> ()
}) {function_type = (tensor<2x5xf32>) -> tensor<2x6xf32>, sym_name = "main"} : () -> ()
