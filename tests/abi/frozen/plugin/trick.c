/* SPDX-License-Identifier: MIT
 *
 * Uses every hook and every service; the metrics it reports say how often which was called. */
#include "frozen.h"

enum { kHooks = 13 };

typedef struct trick {
  knack_trick_t base;
  const knack_host_t* host;
  const knack_weights_api_t* weights;
  const knack_params_api_t* params;
  const knack_norm_api_t* norm;
  const knack_data_api_t* data;
  const knack_metrics_api_t* metrics;
  const knack_rng_api_t* rng;
  const knack_log_api_t* log;
  knack_weight_set_t* live;
  knack_weight_set_t* copy;
  int64_t calls[kHooks];
  int64_t norm_inputs;
  int64_t data_batches;
} trick_t;

/* A service must have succeeded; the host has said why it has not. */
#define DONE(call)                                                \
  do {                                                            \
    const int32_t status_of_call = (call);                        \
    if (status_of_call != KNACK_STATUS_OK) return status_of_call; \
  } while (0)

static trick_t* enter(knack_trick_t* base, int hook) {
  trick_t* self = (trick_t*)base;
  self->calls[hook] += 1;
  return self;
}

static int32_t fit_begin(knack_trick_t* base, knack_hook_context_t* context) {
  trick_t* self = enter(base, 0);
  const knack_host_t* host = self->host;
  MUST(host, context->struct_size >= sizeof(*context) && context->reply == KNACK_REPLY_CONTINUE);
  MUST(host, frozen_is(context->monitor, "loss") && !context->higher_is_better);
  DONE(self->weights->find(host, frozen_text(KNACK_WEIGHTS_LIVE), &self->live));
  DONE(self->weights->publish(host, frozen_text("frozen"), &self->copy));
  MUST(host, self->weights->count(host, self->copy) == 6);
  MUST(host, self->params->count(host) == 4 && self->norm->count(host) == 1);
  knack_param_t param = {.struct_size = sizeof(param)};
  DONE(self->params->get(host, 0, &param));
  MUST(host, param.requires_grad && frozen_is(param.name, "norm.weight"));
  MUST(host, frozen_is(param.role, KNACK_ROLE_NORM_SCALE));
  DONE(self->params->set_option(host, 0, frozen_text("lr"), 0.05, frozen_text("to have groups")));
  DONE(self->norm->set_momentum(host, 0, 0.2));
  self->log->write(host, KNACK_LOG_INFO, frozen_text("the frozen trick is here"));
  return KNACK_STATUS_OK;
}

static int32_t epoch_begin(knack_trick_t* base, knack_hook_context_t* context) {
  trick_t* self = enter(base, 1);
  MUST(self->host, context->epoch >= 1 && context->epoch <= context->total_epochs);
  MUST(self->host, self->params->group_count(self->host) == 2);
  double lr = 0;
  DONE(self->params->get_group_option(self->host, 0, frozen_text("lr"), &lr));
  DONE(self->params->set_group_option(self->host, 0, frozen_text("lr"), lr));
  return KNACK_STATUS_OK;
}

static int32_t window_begin(knack_trick_t* base, knack_hook_context_t* context) {
  (void)enter(base, 2);
  context->request_micro_batches = 2;
  return KNACK_STATUS_OK;
}

static int32_t batch(knack_trick_t* base, knack_hook_context_t* context) {
  trick_t* self = enter(base, 3);
  MUST(self->host, context->inputs_borrowed->tag == KNACK_VALUE_TENSOR);
  MUST(self->host, context->batch_indices_borrowed != NULL && context->batch_samples > 0);
  const knack_tensor_api_t* tensors = self->host->get_extension(self->host, KNACK_EXT_TENSOR);
  knack_tensor_t* same = NULL;
  DONE(tensors->retain(context->inputs_borrowed->as.tensor, &same));
  context->new_inputs_owned = frozen_tensor(same);
  return KNACK_STATUS_OK;
}

static int32_t forward(knack_trick_t* base, knack_hook_context_t* context) {
  trick_t* self = enter(base, 4);
  MUST(self->host, context->outputs_borrowed->tag == KNACK_VALUE_TENSOR);
  return KNACK_STATUS_OK;
}

static int32_t loss(knack_trick_t* base, knack_hook_context_t* context) {
  trick_t* self = enter(base, 5);
  const knack_value_t arguments[2] = {frozen_tensor(context->loss_borrowed), frozen_number(1)};
  return frozen_call(self->host, "aten::mul", "Scalar", arguments, 2, &context->new_loss_owned);
}

static int32_t gradients(knack_trick_t* base, knack_hook_context_t* context) {
  trick_t* self = enter(base, 6);
  MUST(self->host, context->window_micro_batches == 2 && context->batch_weight > 0);
  knack_tensor_t* gradient = NULL;
  DONE(self->params->gradient(self->host, 2, &gradient));
  MUST(self->host, gradient != NULL);
  return KNACK_STATUS_OK;
}

static int32_t before_step(knack_trick_t* base, knack_hook_context_t* context) {
  trick_t* self = enter(base, 7);
  const double uniform = self->rng->uniform(self->host);
  MUST(self->host, uniform >= 0 && uniform < 1 && self->rng->next(self->host) != 0);
  context->reply =
      context->step == 2 && self->calls[7] == 3 ? KNACK_REPLY_SKIP_STEP : KNACK_REPLY_CONTINUE;
  return KNACK_STATUS_OK;
}

static int32_t after_step(knack_trick_t* base, knack_hook_context_t* context) {
  trick_t* self = enter(base, 8);
  MUST(self->host, context->stepped || context->step == 2);
  DONE(self->weights->copy(self->host, self->live, self->copy));
  return self->metrics->report(self->host, frozen_text("steps"), (double)context->step);
}

static int32_t on_batch(void* user, const knack_value_t* inputs, const knack_value_t* targets,
                        int64_t samples) {
  trick_t* self = user;
  MUST(self->host, inputs->tag == KNACK_VALUE_TENSOR && targets->tag == KNACK_VALUE_TENSOR);
  MUST(self->host, samples > 0);
  self->data_batches += 1;
  return KNACK_STATUS_OK;
}

static int32_t on_input(void* user, int64_t layer, knack_tensor_t* input) {
  trick_t* self = user;
  MUST(self->host, layer == 0 && input != NULL);
  self->norm_inputs += 1;
  return KNACK_STATUS_OK;
}

static int32_t eval_begin(knack_trick_t* base, knack_hook_context_t* context) {
  trick_t* self = enter(base, 9);
  MUST(self->host, context->weight_set.size > 0 && frozen_is(context->split, "valid"));
  int64_t samples = 0;
  const knack_data_pass_t data = {
      .struct_size = sizeof(data), .samples = 20, .user = self, .on_batch = on_batch};
  DONE(self->data->pass(self->host, &data, &samples));
  MUST(self->host, samples == 20);
  const knack_norm_pass_t norm = {
      .struct_size = sizeof(norm), .samples = 20, .user = self, .on_input = on_input};
  DONE(self->norm->observe(self->host, &norm, &samples));
  MUST(self->host, samples == 20 && self->data->train_samples(self->host) > 20);
  knack_norm_layer_t layer = {.struct_size = sizeof(layer)};
  DONE(self->norm->get(self->host, 0, &layer));
  MUST(self->host, frozen_is(layer.name, "norm") && layer.channels == 2);
  return KNACK_STATUS_OK;
}

static int32_t eval_end(knack_trick_t* base, knack_hook_context_t* context) {
  trick_t* self = enter(base, 10);
  MUST(self->host, context->metrics_borrowed->tag == KNACK_VALUE_MAP);
  MUST(self->host, context->monitored == context->monitored);
  return KNACK_STATUS_OK;
}

static int32_t epoch_end(knack_trick_t* base, knack_hook_context_t* context) {
  trick_t* self = enter(base, 11);
  const knack_host_t* host = self->host;
  const knack_string_t file = frozen_text("kept.safetensors");
  knack_value_t metrics = {0};
  MUST(host, context->samples_seen > 0);
  DONE(self->weights->save(host, self->copy, file));
  DONE(self->weights->load(host, self->copy, file));
  DONE(self->weights->remove(host, file));
  DONE(self->weights->evaluate(host, self->copy, &metrics));
  MUST(host, metrics.tag == KNACK_VALUE_MAP && metrics.count == 2);
  knack_weight_t weight = {.struct_size = sizeof(weight)};
  DONE(self->weights->get(host, self->copy, 2, &weight));
  MUST(host, (weight.flags & KNACK_WEIGHT_FLOATING) && frozen_is(weight.name, "fc.weight"));
  return KNACK_STATUS_OK;
}

static int32_t fit_end(knack_trick_t* base, knack_hook_context_t* context) {
  trick_t* self = enter(base, 12);
  (void)context;
  knack_value_t counts[kHooks + 2];
  for (int i = 0; i < kHooks; ++i) counts[i] = frozen_number((double)self->calls[i]);
  counts[kHooks] = frozen_number((double)self->data_batches);
  counts[kHooks + 1] = frozen_number((double)self->norm_inputs);
  const knack_value_t list = {.tag = KNACK_VALUE_LIST, .count = kHooks + 2, .as.items = counts};
  return self->metrics->summarize(self->host, frozen_text("calls"), &list);
}

int32_t frozen_create_trick(const knack_host_t* host, knack_instance_t** out_instance) {
  trick_t* self = calloc(1, sizeof(*self));
  if (self == NULL) return KNACK_STATUS_NO_MEMORY;
  const trick_t trick = {
      .base = {.head = {.struct_size = sizeof(trick.base), .self = self, .destroy = frozen_destroy},
               .fit_begin = fit_begin,
               .epoch_begin = epoch_begin,
               .window_begin = window_begin,
               .batch = batch,
               .forward = forward,
               .loss = loss,
               .gradients = gradients,
               .before_step = before_step,
               .after_step = after_step,
               .eval_begin = eval_begin,
               .eval_end = eval_end,
               .epoch_end = epoch_end,
               .fit_end = fit_end},
      .host = host,
      .weights = host->get_extension(host, KNACK_EXT_WEIGHTS),
      .params = host->get_extension(host, KNACK_EXT_PARAMS),
      .norm = host->get_extension(host, KNACK_EXT_NORM),
      .data = host->get_extension(host, KNACK_EXT_DATA),
      .metrics = host->get_extension(host, KNACK_EXT_METRICS),
      .rng = host->get_extension(host, KNACK_EXT_RNG),
      .log = host->get_extension(host, KNACK_EXT_LOG),
  };
  *self = trick;
  *out_instance = &self->base.head;
  if (self->weights && self->params && self->norm && self->data && self->metrics && self->rng &&
      self->log) {
    return KNACK_STATUS_OK;
  }
  free(self);
  return frozen_fail(host, "an extension of ABI 1.0 is missing");
}
