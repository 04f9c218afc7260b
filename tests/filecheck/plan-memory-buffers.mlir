// RUN: nncc opt --passes=plan-memory --split --no-locations %s | filecheck %s

// nnabla-c-runtime has a list of buffers, and never works in place: two of them hold the values of a chain in turn.
// CHECK-LABEL: builtin.module
// CHECK: ^bb0(%x: tensor<8xf32>):
// CHECK-NEXT: %a = "nnb.Exp"(%x) {buffers = array<i64: [[ONE:[01]]]>} : (tensor<8xf32>) -> tensor<8xf32>
// CHECK-NEXT: %b = "nnb.Abs"(%a) {buffers = array<i64: [[TWO:[01]]]>} : (tensor<8xf32>) -> tensor<8xf32>
// CHECK-NEXT: %c = "nnb.Exp"(%b) {buffers = array<i64: [[ONE]]>} : (tensor<8xf32>) -> tensor<8xf32>
// CHECK-NEXT: "func.return"(%c) : (tensor<8xf32>) -> ()
// CHECK-NEXT: }) {{.*}}nnb.input_buffers = array<i64: [[TWO]]>} : () -> ()
// CHECK-NEXT: }) {nnb.version = 2 : i64, nnb.buffer_sizes = array<i64: 32, 32>} : () -> ()
"builtin.module"() ({
  "func.func"() ({
  ^bb0(%x: tensor<8xf32>):
    %a = "nnb.Exp"(%x) : (tensor<8xf32>) -> tensor<8xf32>
    %b = "nnb.Abs"(%a) : (tensor<8xf32>) -> tensor<8xf32>
    %c = "nnb.Exp"(%b) : (tensor<8xf32>) -> tensor<8xf32>
    "func.return"(%c) : (tensor<8xf32>) -> ()
  }) {function_type = (tensor<8xf32>) -> tensor<8xf32>, sym_name = "main"} : () -> ()
}) {nnb.version = 2} : () -> ()
