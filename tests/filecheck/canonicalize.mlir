// RUN: nncc opt --passes=canonicalize --split --no-locations --verify-numerics=random %s | filecheck %s

// What is subtracted and added again goes; the larger of a number and 0 is relu.
// CHECK-LABEL: builtin.module
// CHECK: ^bb0(%x: tensor<4xf32>):
// CHECK-NEXT: %0 = "nn.relu"(%x) : (tensor<4xf32>) -> tensor<4xf32>
// CHECK-NEXT: "func.return"(%0) : (tensor<4xf32>) -> ()
"func.func"() ({
^bb0(%x: tensor<4xf32>):
  %0 = "nn.constant"() {value = dense<2.0> : tensor<f32>} : () -> tensor<f32>
  %1 = "nn.sub"(%x, %0) : (tensor<4xf32>, tensor<f32>) -> tensor<4xf32>
  %2 = "nn.constant"() {value = dense<2.0> : tensor<f32>} : () -> tensor<f32>
  %3 = "nn.add"(%1, %2) : (tensor<4xf32>, tensor<f32>) -> tensor<4xf32>
  %4 = "nn.constant"() {value = dense<0.0> : tensor<f32>} : () -> tensor<f32>
  %5 = "nn.maximum"(%3, %4) : (tensor<4xf32>, tensor<f32>) -> tensor<4xf32>
  "func.return"(%5) : (tensor<4xf32>) -> ()
}) {function_type = (tensor<4xf32>) -> tensor<4xf32>, sym_name = "main"} : () -> ()

// -----

// Constants stand on the right.
// CHECK-LABEL: builtin.module
// CHECK: ^bb0(%x: tensor<3xf32>):
// CHECK-NEXT: %0 = "nn.constant"() {value = dense<[1.0, 2.0, 3.0]> : tensor<3xf32>} : () -> tensor<3xf32>
// CHECK-NEXT: %1 = "nn.add"(%x, %0) : (tensor<3xf32>, tensor<3xf32>) -> tensor<3xf32>
// CHECK-NEXT: "func.return"(%1) : (tensor<3xf32>) -> ()
"func.func"() ({
^bb0(%x: tensor<3xf32>):
  %0 = "nn.constant"() {value = dense<[1.0, 2.0, 3.0]> : tensor<3xf32>} : () -> tensor<3xf32>
  %1 = "nn.add"(%0, %x) : (tensor<3xf32>, tensor<3xf32>) -> tensor<3xf32>
  "func.return"(%1) : (tensor<3xf32>) -> ()
}) {function_type = (tensor<3xf32>) -> tensor<3xf32>, sym_name = "main"} : () -> ()

// -----

// A chain of additions of constants is one.
// CHECK-LABEL: builtin.module
// CHECK: ^bb0(%x: tensor<3xf32>):
// CHECK-NEXT: %0 = "nn.constant"() {value = dense<[0.5, 1.5, 2.5]> : tensor<3xf32>} : () -> tensor<3xf32>
// CHECK-NEXT: %1 = "nn.add"(%x, %0) : (tensor<3xf32>, tensor<3xf32>) -> tensor<3xf32>
// CHECK-NEXT: "func.return"(%1) : (tensor<3xf32>) -> ()
"func.func"() ({
^bb0(%x: tensor<3xf32>):
  %0 = "nn.constant"() {value = dense<[1.0, 2.0, 3.0]> : tensor<3xf32>} : () -> tensor<3xf32>
  %1 = "nn.add"(%x, %0) : (tensor<3xf32>, tensor<3xf32>) -> tensor<3xf32>
  %2 = "nn.constant"() {value = dense<0.5> : tensor<f32>} : () -> tensor<f32>
  %3 = "nn.sub"(%1, %2) : (tensor<3xf32>, tensor<f32>) -> tensor<3xf32>
  "func.return"(%3) : (tensor<3xf32>) -> ()
}) {function_type = (tensor<3xf32>) -> tensor<3xf32>, sym_name = "main"} : () -> ()

// -----

// 1 / 4 is exact: the division is a multiplication.
// CHECK-LABEL: builtin.module
// CHECK: ^bb0(%x: tensor<3xf32>):
// CHECK-NEXT: %0 = "nn.constant"() {value = dense<0.25> : tensor<f32>} : () -> tensor<f32>
// CHECK-NEXT: %1 = "nn.mul"(%x, %0) : (tensor<3xf32>, tensor<f32>) -> tensor<3xf32>
// CHECK-NEXT: "func.return"(%1) : (tensor<3xf32>) -> ()
"func.func"() ({
^bb0(%x: tensor<3xf32>):
  %0 = "nn.constant"() {value = dense<4.0> : tensor<f32>} : () -> tensor<f32>
  %1 = "nn.div"(%x, %0) : (tensor<3xf32>, tensor<f32>) -> tensor<3xf32>
  "func.return"(%1) : (tensor<3xf32>) -> ()
}) {function_type = (tensor<3xf32>) -> tensor<3xf32>, sym_name = "main"} : () -> ()

// -----

// 1 / 3 is not exact: the division stays.
// CHECK-LABEL: builtin.module
// CHECK: ^bb0(%x: tensor<3xf32>):
// CHECK-NEXT: %0 = "nn.constant"() {value = dense<3.0> : tensor<f32>} : () -> tensor<f32>
// CHECK-NEXT: %1 = "nn.div"(%x, %0) : (tensor<3xf32>, tensor<f32>) -> tensor<3xf32>
// CHECK-NEXT: "func.return"(%1) : (tensor<3xf32>) -> ()
"func.func"() ({
^bb0(%x: tensor<3xf32>):
  %0 = "nn.constant"() {value = dense<3.0> : tensor<f32>} : () -> tensor<f32>
  %1 = "nn.div"(%x, %0) : (tensor<3xf32>, tensor<f32>) -> tensor<3xf32>
  "func.return"(%1) : (tensor<3xf32>) -> ()
}) {function_type = (tensor<3xf32>) -> tensor<3xf32>, sym_name = "main"} : () -> ()

// -----

// The smaller of the larger is a clip.
// CHECK-LABEL: builtin.module
// CHECK: ^bb0(%x: tensor<3xf32>):
// CHECK-NEXT: %0 = "nn.clip"(%x) {min = 0.0 : f64, max = 6.0 : f64} : (tensor<3xf32>) -> tensor<3xf32>
// CHECK-NEXT: "func.return"(%0) : (tensor<3xf32>) -> ()
"func.func"() ({
^bb0(%x: tensor<3xf32>):
  %0 = "nn.constant"() {value = dense<0.0> : tensor<f32>} : () -> tensor<f32>
  %1 = "nn.maximum"(%x, %0) : (tensor<3xf32>, tensor<f32>) -> tensor<3xf32>
  %2 = "nn.constant"() {value = dense<6.0> : tensor<f32>} : () -> tensor<f32>
  %3 = "nn.minimum"(%1, %2) : (tensor<3xf32>, tensor<f32>) -> tensor<3xf32>
  "func.return"(%3) : (tensor<3xf32>) -> ()
}) {function_type = (tensor<3xf32>) -> tensor<3xf32>, sym_name = "main"} : () -> ()

// -----

// Powers that have operations of their own.
// CHECK-LABEL: builtin.module
// CHECK: ^bb0(%x: tensor<3xf32>):
// CHECK-NEXT: %0 = "nn.exp"(%x) : (tensor<3xf32>) -> tensor<3xf32>
// CHECK-NEXT: %1 = "nn.square"(%x) : (tensor<3xf32>) -> tensor<3xf32>
// CHECK-NEXT: %2 = "nn.reciprocal"(%0) : (tensor<3xf32>) -> tensor<3xf32>
// CHECK-NEXT: %3 = "nn.rsqrt"(%0) : (tensor<3xf32>) -> tensor<3xf32>
// CHECK-NEXT: "func.return"(%1, %2, %3) : (tensor<3xf32>, tensor<3xf32>, tensor<3xf32>) -> ()
"func.func"() ({
^bb0(%x: tensor<3xf32>):
  %0 = "nn.exp"(%x) : (tensor<3xf32>) -> tensor<3xf32>
  %1 = "nn.constant"() {value = dense<2.0> : tensor<f32>} : () -> tensor<f32>
  %2 = "nn.pow"(%x, %1) : (tensor<3xf32>, tensor<f32>) -> tensor<3xf32>
  %3 = "nn.constant"() {value = dense<-1.0> : tensor<f32>} : () -> tensor<f32>
  %4 = "nn.pow"(%0, %3) : (tensor<3xf32>, tensor<f32>) -> tensor<3xf32>
  %5 = "nn.constant"() {value = dense<-0.5> : tensor<f32>} : () -> tensor<f32>
  %6 = "nn.pow"(%0, %5) : (tensor<3xf32>, tensor<f32>) -> tensor<3xf32>
  "func.return"(%2, %4, %6) : (tensor<3xf32>, tensor<3xf32>, tensor<3xf32>) -> ()
}) {function_type = (tensor<3xf32>) -> (tensor<3xf32>, tensor<3xf32>, tensor<3xf32>), sym_name = "main"} : () -> ()

// -----

// There is no operation for the third power.
// CHECK-LABEL: builtin.module
// CHECK: ^bb0(%x: tensor<3xf32>):
// CHECK-NEXT: %0 = "nn.constant"() {value = dense<3.0> : tensor<f32>} : () -> tensor<f32>
// CHECK-NEXT: %1 = "nn.pow"(%x, %0) : (tensor<3xf32>, tensor<f32>) -> tensor<3xf32>
// CHECK-NEXT: "func.return"(%1) : (tensor<3xf32>) -> ()
"func.func"() ({
^bb0(%x: tensor<3xf32>):
  %0 = "nn.constant"() {value = dense<3.0> : tensor<f32>} : () -> tensor<f32>
  %1 = "nn.pow"(%x, %0) : (tensor<3xf32>, tensor<f32>) -> tensor<3xf32>
  "func.return"(%1) : (tensor<3xf32>) -> ()
}) {function_type = (tensor<3xf32>) -> tensor<3xf32>, sym_name = "main"} : () -> ()

// -----

// Of two transposes in a row one is left; in another order of the axes, none.
// CHECK-LABEL: builtin.module
// CHECK: ^bb0(%x: tensor<2x3x4xf32>):
// CHECK-NEXT: %0 = "nn.transpose"(%x) {perm = array<i64: 2, 0, 1>} : (tensor<2x3x4xf32>) -> tensor<4x2x3xf32>
// CHECK-NEXT: %1 = "nn.exp"(%x) : (tensor<2x3x4xf32>) -> tensor<2x3x4xf32>
// CHECK-NEXT: "func.return"(%0, %1) : (tensor<4x2x3xf32>, tensor<2x3x4xf32>) -> ()
"func.func"() ({
^bb0(%x: tensor<2x3x4xf32>):
  %0 = "nn.transpose"(%x) {perm = array<i64: 1, 2, 0>} : (tensor<2x3x4xf32>) -> tensor<3x4x2xf32>
  %1 = "nn.transpose"(%0) {perm = array<i64: 1, 2, 0>} : (tensor<3x4x2xf32>) -> tensor<4x2x3xf32>
  %2 = "nn.transpose"(%x) {perm = array<i64: 1, 2, 0>} : (tensor<2x3x4xf32>) -> tensor<3x4x2xf32>
  %3 = "nn.transpose"(%2) {perm = array<i64: 2, 0, 1>} : (tensor<3x4x2xf32>) -> tensor<2x3x4xf32>
  %4 = "nn.exp"(%3) : (tensor<2x3x4xf32>) -> tensor<2x3x4xf32>
  "func.return"(%1, %4) : (tensor<4x2x3xf32>, tensor<2x3x4xf32>) -> ()
}) {function_type = (tensor<2x3x4xf32>) -> (tensor<4x2x3xf32>, tensor<2x3x4xf32>), sym_name = "main"} : () -> ()

// -----

// An addition of 0 that makes the value wider is no addition of nothing.
// CHECK-LABEL: builtin.module
// CHECK: ^bb0(%x: tensor<3xf32>):
// CHECK-NEXT: %0 = "nn.constant"() {value = dense<0.0> : tensor<2x3xf32>} : () -> tensor<2x3xf32>
// CHECK-NEXT: %1 = "nn.add"(%x, %0) : (tensor<3xf32>, tensor<2x3xf32>) -> tensor<2x3xf32>
// CHECK-NEXT: "func.return"(%1) : (tensor<2x3xf32>) -> ()
"func.func"() ({
^bb0(%x: tensor<3xf32>):
  %0 = "nn.constant"() {value = dense<0.0> : tensor<2x3xf32>} : () -> tensor<2x3xf32>
  %1 = "nn.add"(%x, %0) : (tensor<3xf32>, tensor<2x3xf32>) -> tensor<2x3xf32>
  "func.return"(%1) : (tensor<2x3xf32>) -> ()
}) {function_type = (tensor<3xf32>) -> tensor<2x3xf32>, sym_name = "main"} : () -> ()

// -----

// Adding and subtracting 1.5 * 2^23 rounds to an integer: adding the constants first would not.
// CHECK-LABEL: builtin.module
// CHECK: ^bb0(%x: tensor<3xf32>):
// CHECK-NEXT: %0 = "nn.constant"() {value = dense<12582912.0> : tensor<f32>} : () -> tensor<f32>
// CHECK-NEXT: %1 = "nn.add"(%x, %0) : (tensor<3xf32>, tensor<f32>) -> tensor<3xf32>
// CHECK-NEXT: %2 = "nn.constant"() {value = dense<-12582912.0> : tensor<f32>} : () -> tensor<f32>
// CHECK-NEXT: %3 = "nn.add"(%1, %2) : (tensor<3xf32>, tensor<f32>) -> tensor<3xf32>
// CHECK-NEXT: "func.return"(%3) : (tensor<3xf32>) -> ()
"func.func"() ({
^bb0(%x: tensor<3xf32>):
  %0 = "nn.constant"() {value = dense<12582912.0> : tensor<f32>} : () -> tensor<f32>
  %1 = "nn.add"(%x, %0) : (tensor<3xf32>, tensor<f32>) -> tensor<3xf32>
  %2 = "nn.constant"() {value = dense<12582912.0> : tensor<f32>} : () -> tensor<f32>
  %3 = "nn.sub"(%1, %2) : (tensor<3xf32>, tensor<f32>) -> tensor<3xf32>
  "func.return"(%3) : (tensor<3xf32>) -> ()
}) {function_type = (tensor<3xf32>) -> tensor<3xf32>, sym_name = "main"} : () -> ()

// -----

// A number is repeated along the batch: the choice is needed for its shape.
// CHECK-LABEL: builtin.module
// CHECK: "nn.select"
"func.func"() ({
^bb0(%x: tensor<?x3xf32, {d0 = "N"}>):
  %0 = "nn.constant"() {value = dense<true> : tensor<i1>} : () -> tensor<i1>
  %1 = "nn.constant"() {value = dense<[[1.0, 2.0, 3.0]]> : tensor<1x3xf32>} : () -> tensor<1x3xf32>
  %2 = "nn.select"(%0, %1, %x) : (tensor<i1>, tensor<1x3xf32>, tensor<?x3xf32, {d0 = "N"}>) -> tensor<?x3xf32, {d0 = "N"}>
  "func.return"(%2) : (tensor<?x3xf32, {d0 = "N"}>) -> ()
}) {function_type = (tensor<?x3xf32, {d0 = "N"}>) -> tensor<?x3xf32, {d0 = "N"}>, sym_name = "main"} : () -> ()
