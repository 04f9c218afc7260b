// RUN: nncc opt --passes=lower-to-c --split --no-locations --verify-numerics=random %s | filecheck %s

// What says how to compute becomes attributes: a transpose is a copy with other strides, a reshape a view.
// CHECK-LABEL: builtin.module
// CHECK: ^bb0(%arg0: tensor<2x3xf32>):
// CHECK-NEXT: %0 = "c.copy"(%arg0) {shape = array<i64: 3, 2>, strides = array<i64: 1, 3>} : (tensor<2x3xf32>) -> tensor<3x2xf32>
// CHECK-NEXT: %1 = "c.view"(%0) : (tensor<3x2xf32>) -> tensor<6xf32>
// CHECK-NEXT: %result0 = "c.unary"(%1) {function = "identity", lower = 0.0 : f64} : (tensor<6xf32>) -> tensor<6xf32>
// CHECK-NEXT: "func.return"(%result0) : (tensor<6xf32>) -> ()
"func.func"() ({
^bb0(%x: tensor<2x3xf32>):
  %perm = "tfl.pseudo_const"() {value = dense<[1, 0]> : tensor<2xi32>} : () -> tensor<2xi32>
  %shape = "tfl.pseudo_const"() {value = dense<[6]> : tensor<1xi32>} : () -> tensor<1xi32>
  %0 = "tfl.transpose"(%x, %perm) : (tensor<2x3xf32>, tensor<2xi32>) -> tensor<3x2xf32>
  %1 = "tfl.reshape"(%0, %shape) : (tensor<3x2xf32>, tensor<1xi32>) -> tensor<6xf32>
  %2 = "tfl.relu"(%1) : (tensor<6xf32>) -> tensor<6xf32>
  "func.return"(%2) : (tensor<6xf32>) -> ()
}) {function_type = (tensor<2x3xf32>) -> tensor<6xf32>, sym_name = "main"} : () -> ()

// -----

// Windows that reach outside of x need no copy with a border: nothing there is above the least element of x.
// CHECK-LABEL: builtin.module
// CHECK: ^bb0(%arg0: tensor<1x4x4x1xf32>):
// CHECK-NEXT: %0 = "c.unary"(%arg0) {function = "identity", lower = 0.0 : f64}
// CHECK-NEXT: %result0 = "c.pool"(%0) {kind = "max", kernel = array<i64: 3, 3>, strides = array<i64: 1, 1>, pads = array<i64: 1, 1>} : (tensor<1x4x4x1xf32>) -> tensor<1x4x4x1xf32>
// CHECK-NEXT: "func.return"(%result0)
"func.func"() ({
^bb0(%x: tensor<1x4x4x1xf32>):
  %pads = "tfl.pseudo_const"() {value = dense<[[0, 0], [1, 1], [1, 1], [0, 0]]> : tensor<4x2xi32>} : () -> tensor<4x2xi32>
  %0 = "tfl.relu"(%x) : (tensor<1x4x4x1xf32>) -> tensor<1x4x4x1xf32>
  %1 = "tfl.pad"(%0, %pads) : (tensor<1x4x4x1xf32>, tensor<4x2xi32>) -> tensor<1x6x6x1xf32>
  %2 = "tfl.max_pool_2d"(%1) {padding = "VALID", strides = array<i64: 1, 1>, filter_height = 3 : i64, filter_width = 3 : i64} : (tensor<1x6x6x1xf32>) -> tensor<1x4x4x1xf32>
  "func.return"(%2) : (tensor<1x4x4x1xf32>) -> ()
}) {function_type = (tensor<1x4x4x1xf32>) -> tensor<1x4x4x1xf32>, sym_name = "main"} : () -> ()

// -----

// A maximum of one of negative elements and the border would be the border's.
// CHECK-LABEL: builtin.module
// CHECK: "c.pad"
// CHECK: "c.pool"({{.*}}pads = array<i64: 0, 0>}
"func.func"() ({
^bb0(%x: tensor<1x4x4x1xf32>):
  %pads = "tfl.pseudo_const"() {value = dense<[[0, 0], [1, 1], [1, 1], [0, 0]]> : tensor<4x2xi32>} : () -> tensor<4x2xi32>
  %1 = "tfl.pad"(%x, %pads) : (tensor<1x4x4x1xf32>, tensor<4x2xi32>) -> tensor<1x6x6x1xf32>
  %2 = "tfl.max_pool_2d"(%1) {padding = "VALID", strides = array<i64: 1, 1>, filter_height = 3 : i64, filter_width = 3 : i64} : (tensor<1x6x6x1xf32>) -> tensor<1x4x4x1xf32>
  "func.return"(%2) : (tensor<1x4x4x1xf32>) -> ()
}) {function_type = (tensor<1x4x4x1xf32>) -> tensor<1x4x4x1xf32>, sym_name = "main"} : () -> ()
