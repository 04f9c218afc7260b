/* The interface of nnabla-c-runtime, as far as the tests use it; functions.c stands in for its library. */
#ifndef FUNCTIONS_H
#define FUNCTIONS_H

#include <stddef.h>
#include <stdint.h>

typedef enum {
    RT_FUNCTION_ERROR_UNIMPLEMENTED = -999,
    RT_FUNCTION_ERROR_MALLOC,
    RT_FUNCTION_ERROR_INVALID_NUM_OF_INPUTS,
    RT_FUNCTION_ERROR_INVALID_NUM_OF_OUTPUTS,
    RT_FUNCTION_ERROR_INVALID_SHAPE,
    RT_FUNCTION_ERROR_NOERROR = 0
} rt_function_error_t;

typedef enum {
    NN_DATA_TYPE_FLOAT,
    NN_DATA_TYPE_INT16,
    NN_DATA_TYPE_INT8,
    NN_DATA_TYPE_SIGN,
    END_OF_NN_DATA_TYPE
} nn_data_type_t;

typedef struct {
    int size;
    int *data;
} rt_list_t;

typedef struct {
    rt_list_t shape;
    nn_data_type_t type : 4;
    unsigned int fp_pos : 4;
    float coefficient;
    void *data;
} rt_variable_t;

typedef struct st_rt_function_t rt_function_t;
struct st_rt_function_t {
    int num_of_inputs;
    rt_variable_t **inputs;
    int num_of_outputs;
    rt_variable_t **outputs;
    rt_function_error_t (*exec_func)(rt_function_t *f);
    rt_function_error_t (*free_local_context_func)(rt_function_t *f);
    void *local_context;
};

extern void *(*rt_variable_malloc_func)(size_t size);
extern void (*rt_variable_free_func)(void *ptr);
extern void *(*rt_malloc_func)(size_t size);
extern void (*rt_free_func)(void *ptr);

typedef struct {
    void *data;
    int32_t base_axis;
} affine_local_context_t;

typedef struct {
    void *data;
    float alpha;
    uint8_t inplace;
} leaky_relu_local_context_t;

typedef enum { PAD_MODE_CONSTANT, PAD_MODE_REFLECT, PAD_MODE_REPEAT, END_OF_PAD_MODE } pad_mode_value_t;

typedef struct {
    void *data;
    rt_list_t pad_width;
    pad_mode_value_t mode;
    float constant_value;
} pad_local_context_t;

#define FUNCTION(name)                                                  \
    rt_function_error_t allocate_##name##_local_context(rt_function_t *f); \
    rt_function_error_t free_##name##_local_context(rt_function_t *f);     \
    rt_function_error_t exec_##name(rt_function_t *f);

FUNCTION(affine)
FUNCTION(leaky_relu)
FUNCTION(pad)
FUNCTION(abs)

#endif
