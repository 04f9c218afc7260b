/* Stands in for the library of nnabla-c-runtime: four functions, with its rules for who allocates and frees what. */
#include <math.h>

#include <nnablart/functions.h>

static int elements(const rt_variable_t *v)
{
    int count = 1;
    for (int i = 0; i < v->shape.size; i++) {
        count *= v->shape.data[i];
    }
    return count;
}

/* Data that a function keeps, so that a test sees what nobody frees; the kernel is chosen here. */
static rt_function_error_t keep(rt_function_t *f, void **data, rt_function_error_t (*kernel)(rt_function_t *))
{
    *data = rt_malloc_func(1);
    f->exec_func = kernel;
    return *data == NULL ? RT_FUNCTION_ERROR_MALLOC : RT_FUNCTION_ERROR_NOERROR;
}

/* What a program calls that takes exec_func for granted. */
#define NOT_CALLED(name)                                  \
    rt_function_error_t exec_##name(rt_function_t *f)     \
    {                                                     \
        (void)f;                                          \
        return RT_FUNCTION_ERROR_UNIMPLEMENTED;           \
    }

#define RELEASE(name)                                                     \
    rt_function_error_t free_##name##_local_context(rt_function_t *f)     \
    {                                                                     \
        rt_free_func(((name##_local_context_t *)f->local_context)->data); \
        return RT_FUNCTION_ERROR_NOERROR;                                 \
    }

static rt_function_error_t affine(rt_function_t *f)
{
    const float *x = f->inputs[0]->data, *w = f->inputs[1]->data;
    const float *b = f->num_of_inputs > 2 ? f->inputs[2]->data : NULL;
    float *y = f->outputs[0]->data;
    const int ins = f->inputs[1]->shape.data[0], outs = elements(f->inputs[1]) / ins;
    for (int row = 0; row < elements(f->inputs[0]) / ins; row++) {
        for (int o = 0; o < outs; o++) {
            float sum = b != NULL ? b[o] : 0.0f;
            for (int i = 0; i < ins; i++) {
                sum += x[row * ins + i] * w[o * ins + i];
            }
            y[row * outs + o] = sum;
        }
    }
    return RT_FUNCTION_ERROR_NOERROR;
}

rt_function_error_t allocate_affine_local_context(rt_function_t *f)
{
    affine_local_context_t *context = f->local_context;
    return context->base_axis != 1 ? RT_FUNCTION_ERROR_INVALID_SHAPE : keep(f, &context->data, affine);
}
RELEASE(affine)
NOT_CALLED(affine)

static rt_function_error_t leaky_relu(rt_function_t *f)
{
    const leaky_relu_local_context_t *context = f->local_context;
    const float *x = f->inputs[0]->data;
    float *y = f->outputs[0]->data;
    for (int i = 0; i < elements(f->inputs[0]); i++) {
        y[i] = x[i] < 0 ? context->alpha * x[i] : x[i];
    }
    return RT_FUNCTION_ERROR_NOERROR;
}

rt_function_error_t allocate_leaky_relu_local_context(rt_function_t *f)
{
    return keep(f, &((leaky_relu_local_context_t *)f->local_context)->data, leaky_relu);
}
RELEASE(leaky_relu)
NOT_CALLED(leaky_relu)

/* One line, padded with a constant; other modes fail when they run. */
static rt_function_error_t pad(rt_function_t *f)
{
    const pad_local_context_t *context = f->local_context;
    const float *x = f->inputs[0]->data;
    float *y = f->outputs[0]->data;
    const int before = context->pad_width.data[0], size = elements(f->inputs[0]);
    if (context->mode != PAD_MODE_CONSTANT) {
        return RT_FUNCTION_ERROR_UNIMPLEMENTED;
    }
    for (int i = 0; i < elements(f->outputs[0]); i++) {
        y[i] = i < before || i >= before + size ? context->constant_value : x[i - before];
    }
    return RT_FUNCTION_ERROR_NOERROR;
}

rt_function_error_t allocate_pad_local_context(rt_function_t *f)
{
    pad_local_context_t *context = f->local_context;
    return context->pad_width.size != 2 ? RT_FUNCTION_ERROR_INVALID_SHAPE : keep(f, &context->data, pad);
}
RELEASE(pad)
NOT_CALLED(pad)

/* Has no arguments: its context is its own, and freed by the program. */
static rt_function_error_t absolute(rt_function_t *f)
{
    const float *x = f->inputs[0]->data;
    float *y = f->outputs[0]->data;
    for (int i = 0; i < elements(f->inputs[0]); i++) {
        y[i] = fabsf(x[i]);
    }
    return RT_FUNCTION_ERROR_NOERROR;
}

rt_function_error_t allocate_abs_local_context(rt_function_t *f)
{
    return keep(f, &f->local_context, absolute);
}

rt_function_error_t free_abs_local_context(rt_function_t *f)
{
    (void)f;
    return RT_FUNCTION_ERROR_NOERROR;
}
NOT_CALLED(abs)
