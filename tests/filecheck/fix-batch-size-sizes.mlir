// RUN: nncc opt '--passes=fix-batch-size{batch=4,sizes=T:7;S:2}' --split --no-locations %s | filecheck %s

// A batch of 4, and sizes for the symbols T and S; the number 3 stays.
// CHECK-LABEL: builtin.module
// CHECK: ^bb0(%x: tensor<4x7x2x3xf32>):
// CHECK-NEXT: %0 = "nn.exp"(%x) : (tensor<4x7x2x3xf32>) -> tensor<4x7x2x3xf32>
// CHECK-NEXT: "func.return"(%0) : (tensor<4x7x2x3xf32>) -> ()
"func.func"() ({
^bb0(%x: tensor<?x?x?x3xf32, {d0 = "N", d1 = "T", d2 = "S"}>):
  %0 = "nn.exp"(%x) : (tensor<?x?x?x3xf32, {d0 = "N", d1 = "T", d2 = "S"}>) -> tensor<?x?x?x3xf32, {d0 = "N", d1 = "T", d2 = "S"}>
  "func.return"(%0) : (tensor<?x?x?x3xf32, {d0 = "N", d1 = "T", d2 = "S"}>) -> ()
}) {function_type = (tensor<?x?x?x3xf32, {d0 = "N", d1 = "T", d2 = "S"}>) -> tensor<?x?x?x3xf32, {d0 = "N", d1 = "T", d2 = "S"}>, sym_name = "main"} : () -> ()
