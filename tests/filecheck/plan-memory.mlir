// RUN: nncc opt --passes=plan-memory --split --no-locations --verify-numerics=random %s | filecheck %s

// The memory of %0 is free for the output when that is made; operations that do not say what they share share nothing.
// CHECK-LABEL: builtin.module
// CHECK: ^bb0(%x: tensor<32xf32>):
// CHECK-NEXT: %0 = "nn.exp"(%x) {offsets = array<i64: [[ONE:[0-9]+]]>} : (tensor<32xf32>) -> tensor<32xf32>
// CHECK-NEXT: %1 = "nn.neg"(%0) {offsets = array<i64: [[TWO:[0-9]+]]>} : (tensor<32xf32>) -> tensor<32xf32>
// CHECK-NEXT: %2 = "nn.abs"(%1) {offsets = array<i64: [[ONE]]>} : (tensor<32xf32>) -> tensor<32xf32>
// CHECK-NEXT: "func.return"(%2) : (tensor<32xf32>) -> ()
// CHECK-NEXT: }) {{.*}}arg_attrs = [{nncc.offset = 0 : i64}], arena_bytes = 256 : i64, live_bytes = 256 : i64}
"func.func"() ({
^bb0(%x: tensor<32xf32>):
  %0 = "nn.exp"(%x) : (tensor<32xf32>) -> tensor<32xf32>
  %1 = "nn.neg"(%0) : (tensor<32xf32>) -> tensor<32xf32>
  %2 = "nn.abs"(%1) : (tensor<32xf32>) -> tensor<32xf32>
  "func.return"(%2) : (tensor<32xf32>) -> ()
}) {function_type = (tensor<32xf32>) -> tensor<32xf32>, sym_name = "main"} : () -> ()
