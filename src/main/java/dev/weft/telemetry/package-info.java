/**
 * What a person or a monitor can see of a node: health, events, metrics.
 *
 * <p>{@link dev.weft.telemetry.Health} is a registry of what each room lacks; {@link
 * dev.weft.telemetry.EventLog} keeps the last facts, numbered, for the event stream and the log;
 * {@link dev.weft.telemetry.Metrics} gives counters in Prometheus' text form.
 */
package dev.weft.telemetry;
