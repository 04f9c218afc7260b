// RUN: nncc opt --passes=eliminate-common-subexpressions --split --no-locations --verify-numerics=random %s | filecheck %s

// Equal operations on equal operands, in any order for those that commute.
// CHECK-LABEL: builtin.module
// CHECK: ^bb0(%x: tensor<3xf32>, %y: tensor<3xf32>):
// CHECK-NEXT: %0 = "nn.add"(%x, %y) : (tensor<3xf32>, tensor<3xf32>) -> tensor<3xf32>
// CHECK-NEXT: %1 = "nn.exp"(%0) : (tensor<3xf32>) -> tensor<3xf32>
// CHECK-NEXT: %2 = "nn.mul"(%1, %1) : (tensor<3xf32>, tensor<3xf32>) -> tensor<3xf32>
// CHECK-NEXT: "func.return"(%2) : (tensor<3xf32>) -> ()
"func.func"() ({
^bb0(%x: tensor<3xf32>, %y: tensor<3xf32>):
  %0 = "nn.add"(%x, %y) : (tensor<3xf32>, tensor<3xf32>) -> tensor<3xf32>
  %1 = "nn.exp"(%0) : (tensor<3xf32>) -> tensor<3xf32>
  %2 = "nn.add"(%y, %x) : (tensor<3xf32>, tensor<3xf32>) -> tensor<3xf32>
  %3 = "nn.exp"(%2) : (tensor<3xf32>) -> tensor<3xf32>
  %4 = "nn.mul"(%1, %3) : (tensor<3xf32>, tensor<3xf32>) -> tensor<3xf32>
  "func.return"(%4) : (tensor<3xf32>) -> ()
}) {function_type = (tensor<3xf32>, tensor<3xf32>) -> tensor<3xf32>, sym_name = "main"} : () -> ()

// -----

// Constants with the same elements are one.
// CHECK-LABEL: builtin.module
// CHECK: ^bb0(%x: tensor<3xf32>):
// CHECK-NEXT: %0 = "nn.constant"() {value = dense<[1.0, 2.0, 3.0]> : tensor<3xf32>} : () -> tensor<3xf32>
// CHECK-NEXT: %1 = "nn.add"(%x, %0) : (tensor<3xf32>, tensor<3xf32>) -> tensor<3xf32>
// CHECK-NEXT: %2 = "nn.sub"(%x, %0) : (tensor<3xf32>, tensor<3xf32>) -> tensor<3xf32>
// CHECK-NEXT: %3 = "nn.mul"(%1, %2) : (tensor<3xf32>, tensor<3xf32>) -> tensor<3xf32>
// CHECK-NEXT: "func.return"(%3) : (tensor<3xf32>) -> ()
"func.func"() ({
^bb0(%x: tensor<3xf32>):
  %0 = "nn.constant"() {value = dense<[1.0, 2.0, 3.0]> : tensor<3xf32>} : () -> tensor<3xf32>
  %1 = "nn.add"(%x, %0) : (tensor<3xf32>, tensor<3xf32>) -> tensor<3xf32>
  %2 = "nn.constant"() {value = dense<[1.0, 2.0, 3.0]> : tensor<3xf32>} : () -> tensor<3xf32>
  %3 = "nn.sub"(%x, %2) : (tensor<3xf32>, tensor<3xf32>) -> tensor<3xf32>
  %4 = "nn.mul"(%1, %3) : (tensor<3xf32>, tensor<3xf32>) -> tensor<3xf32>
  "func.return"(%4) : (tensor<3xf32>) -> ()
}) {function_type = (tensor<3xf32>) -> tensor<3xf32>, sym_name = "main"} : () -> ()

// -----

// Not merged: the order of operands counts for a difference.
// CHECK-LABEL: builtin.module
// CHECK: ^bb0(%x: tensor<3xf32>, %y: tensor<3xf32>):
// CHECK-NEXT: %0 = "nn.sub"(%x, %y) : (tensor<3xf32>, tensor<3xf32>) -> tensor<3xf32>
// CHECK-NEXT: %1 = "nn.sub"(%y, %x) : (tensor<3xf32>, tensor<3xf32>) -> tensor<3xf32>
// CHECK-NEXT: %2 = "nn.mul"(%0, %1) : (tensor<3xf32>, tensor<3xf32>) -> tensor<3xf32>
// CHECK-NEXT: "func.return"(%2) : (tensor<3xf32>) -> ()
"func.func"() ({
^bb0(%x: tensor<3xf32>, %y: tensor<3xf32>):
  %0 = "nn.sub"(%x, %y) : (tensor<3xf32>, tensor<3xf32>) -> tensor<3xf32>
  %1 = "nn.sub"(%y, %x) : (tensor<3xf32>, tensor<3xf32>) -> tensor<3xf32>
  %2 = "nn.mul"(%0, %1) : (tensor<3xf32>, tensor<3xf32>) -> tensor<3xf32>
  "func.return"(%2) : (tensor<3xf32>) -> ()
}) {function_type = (tensor<3xf32>, tensor<3xf32>) -> tensor<3xf32>, sym_name = "main"} : () -> ()

// -----

// Not merged: the attributes differ.
// CHECK-LABEL: builtin.module
// CHECK: ^bb0(%x: tensor<3xf32>):
// CHECK-NEXT: %0 = "nn.leaky_relu"(%x) {alpha = 0.1 : f64} : (tensor<3xf32>) -> tensor<3xf32>
// CHECK-NEXT: %1 = "nn.leaky_relu"(%x) {alpha = 0.2 : f64} : (tensor<3xf32>) -> tensor<3xf32>
// CHECK-NEXT: %2 = "nn.mul"(%0, %1) : (tensor<3xf32>, tensor<3xf32>) -> tensor<3xf32>
// CHECK-NEXT: "func.return"(%2) : (tensor<3xf32>) -> ()
"func.func"() ({
^bb0(%x: tensor<3xf32>):
  %0 = "nn.leaky_relu"(%x) {alpha = 0.1 : f64} : (tensor<3xf32>) -> tensor<3xf32>
  %1 = "nn.leaky_relu"(%x) {alpha = 0.2 : f64} : (tensor<3xf32>) -> tensor<3xf32>
  %2 = "nn.mul"(%0, %1) : (tensor<3xf32>, tensor<3xf32>) -> tensor<3xf32>
  "func.return"(%2) : (tensor<3xf32>) -> ()
}) {function_type = (tensor<3xf32>) -> tensor<3xf32>, sym_name = "main"} : () -> ()

// -----

// Not merged: both are outputs, and formats give each output a tensor of its own.
// CHECK-LABEL: builtin.module
// CHECK: ^bb0(%x: tensor<3xf32>):
// CHECK-NEXT: %0 = "nn.exp"(%x) : (tensor<3xf32>) -> tensor<3xf32>
// CHECK-NEXT: %1 = "nn.exp"(%x) : (tensor<3xf32>) -> tensor<3xf32>
// CHECK-NEXT: "func.return"(%0, %1) : (tensor<3xf32>, tensor<3xf32>) -> ()
"func.func"() ({
^bb0(%x: tensor<3xf32>):
  %0 = "nn.exp"(%x) : (tensor<3xf32>) -> tensor<3xf32>
  %1 = "nn.exp"(%x) : (tensor<3xf32>) -> tensor<3xf32>
  "func.return"(%0, %1) : (tensor<3xf32>, tensor<3xf32>) -> ()
}) {function_type = (tensor<3xf32>) -> (tensor<3xf32>, tensor<3xf32>), sym_name = "main"} : () -> ()
