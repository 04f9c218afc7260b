// RUN: nncc opt --passes=fold-constants --split --no-locations --verify-numerics=random %s | filecheck %s

// What is computed from constants alone is a constant.
// CHECK-LABEL: builtin.module
// CHECK: ^bb0(%x: tensor<3xf32>):
// CHECK-NEXT: %0 = "nn.constant"() {value = dense<1.0> : tensor<3xf32>} : () -> tensor<3xf32>
// CHECK-NEXT: %1 = "nn.add"(%x, %0) : (tensor<3xf32>, tensor<3xf32>) -> tensor<3xf32>
// CHECK-NEXT: "func.return"(%1) : (tensor<3xf32>) -> ()
"func.func"() ({
^bb0(%x: tensor<3xf32>):
  %0 = "nn.constant"() {value = dense<0.0> : tensor<3xf32>} : () -> tensor<3xf32>
  %1 = "nn.constant"() {value = dense<[1.0, 2.0, 3.0]> : tensor<3xf32>} : () -> tensor<3xf32>
  %2 = "nn.mul"(%0, %1) : (tensor<3xf32>, tensor<3xf32>) -> tensor<3xf32>
  %3 = "nn.exp"(%2) : (tensor<3xf32>) -> tensor<3xf32>
  %4 = "nn.add"(%x, %3) : (tensor<3xf32>, tensor<3xf32>) -> tensor<3xf32>
  "func.return"(%4) : (tensor<3xf32>) -> ()
}) {function_type = (tensor<3xf32>) -> tensor<3xf32>, sym_name = "main"} : () -> ()

// -----

// The shape of a value is known where its type is.
// CHECK-LABEL: builtin.module
// CHECK: ^bb0(%x: tensor<2x3xf32>):
// CHECK-NEXT: %0 = "nn.constant"() {value = dense<[2, 3]> : tensor<2xi64>} : () -> tensor<2xi64>
// CHECK-NEXT: "func.return"(%0) : (tensor<2xi64>) -> ()
"func.func"() ({
^bb0(%x: tensor<2x3xf32>):
  %0 = "nn.shape_of"(%x) : (tensor<2x3xf32>) -> tensor<2xi64>
  "func.return"(%0) : (tensor<2xi64>) -> ()
}) {function_type = (tensor<2x3xf32>) -> tensor<2xi64>, sym_name = "main"} : () -> ()

// -----

// Not folded: the shape has a dimension that only the run will tell.
// CHECK-LABEL: builtin.module
// CHECK: ^bb0(%x: tensor<?x3xf32, {d0 = "N"}>):
// CHECK-NEXT: %0 = "nn.shape_of"(%x) : (tensor<?x3xf32, {d0 = "N"}>) -> tensor<2xi64>
// CHECK-NEXT: "func.return"(%0) : (tensor<2xi64>) -> ()
"func.func"() ({
^bb0(%x: tensor<?x3xf32, {d0 = "N"}>):
  %0 = "nn.shape_of"(%x) : (tensor<?x3xf32, {d0 = "N"}>) -> tensor<2xi64>
  "func.return"(%0) : (tensor<2xi64>) -> ()
}) {function_type = (tensor<?x3xf32, {d0 = "N"}>) -> tensor<2xi64>, sym_name = "main"} : () -> ()

// -----

// Not folded: an operand is no constant.
// CHECK-LABEL: builtin.module
// CHECK: ^bb0(%x: tensor<3xf32>):
// CHECK-NEXT: %0 = "nn.constant"() {value = dense<[1.0, 2.0, 3.0]> : tensor<3xf32>} : () -> tensor<3xf32>
// CHECK-NEXT: %1 = "nn.mul"(%x, %0) : (tensor<3xf32>, tensor<3xf32>) -> tensor<3xf32>
// CHECK-NEXT: %2 = "nn.exp"(%1) : (tensor<3xf32>) -> tensor<3xf32>
// CHECK-NEXT: "func.return"(%2) : (tensor<3xf32>) -> ()
"func.func"() ({
^bb0(%x: tensor<3xf32>):
  %0 = "nn.constant"() {value = dense<[1.0, 2.0, 3.0]> : tensor<3xf32>} : () -> tensor<3xf32>
  %1 = "nn.mul"(%x, %0) : (tensor<3xf32>, tensor<3xf32>) -> tensor<3xf32>
  %2 = "nn.exp"(%1) : (tensor<3xf32>) -> tensor<3xf32>
  "func.return"(%2) : (tensor<3xf32>) -> ()
}) {function_type = (tensor<3xf32>) -> tensor<3xf32>, sym_name = "main"} : () -> ()

// -----

// Not folded: a small constant would blow the file up, with more than 65536 bytes.
// CHECK-LABEL: builtin.module
// CHECK: ^bb0(%x: tensor<200x100xf32>):
// CHECK-NEXT: %0 = "nn.constant"() {value = dense_resource<constant> : tensor<1x100xf32>} : () -> tensor<1x100xf32>
// CHECK-NEXT: %1 = "nn.broadcast_to"(%0) {shape = array<i64: 200, 100>} : (tensor<1x100xf32>) -> tensor<200x100xf32>
// CHECK-NEXT: %2 = "nn.add"(%x, %1) : (tensor<200x100xf32>, tensor<200x100xf32>) -> tensor<200x100xf32>
// CHECK-NEXT: "func.return"(%2) : (tensor<200x100xf32>) -> ()
"func.func"() ({
^bb0(%x: tensor<200x100xf32>):
  %0 = "nn.constant"() {value = dense<0.5> : tensor<100xf32>} : () -> tensor<100xf32>
  %1 = "nn.reshape"(%0) {shape = array<i64: 1, 100>} : (tensor<100xf32>) -> tensor<1x100xf32>
  %2 = "nn.broadcast_to"(%1) {shape = array<i64: 200, 100>} : (tensor<1x100xf32>) -> tensor<200x100xf32>
  %3 = "nn.add"(%x, %2) : (tensor<200x100xf32>, tensor<200x100xf32>) -> tensor<200x100xf32>
  "func.return"(%3) : (tensor<200x100xf32>) -> ()
}) {function_type = (tensor<200x100xf32>) -> tensor<200x100xf32>, sym_name = "main"} : () -> ()
