/**
 * The node over HTTP: JSON resources, the event stream, probes, metrics and the status page.
 *
 * <p>Enters: requests over TCP ({@link dev.weft.api.ApiSettings}) and over a Unix socket of mode
 * 0600. {@code openapi.yaml} is the contract: its operation ids are bound to handlers and requests
 * are validated against it before a handler sees them. Leaves: calls on the contracts of the rooms
 * below, over the bus; with {@code scope=cluster} to every member.
 *
 * <p>Lists are ordered, divided into parts and put together in {@link dev.weft.api.Lists} alone;
 * {@code lists.json} describes their columns for the command line and the page. What happens on
 * other members is fetched by calls that wait there ({@link dev.weft.api.MemberEvents}), and only
 * while somebody reads it.
 *
 * <p>Wire format: HTTP/1.1, JSON as {@link dev.weft.bus.Json} writes it, {@code
 * application/problem+json} (RFC 9457) for every error, {@code text/event-stream} for events.
 */
package dev.weft.api;
