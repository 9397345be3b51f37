/**
 * What meshnet's CNI plugin asks of its node besides wires: the {@code Local} service's pods and
 * their states, interface names, and VXLAN ends ({@code Remote/Update}).
 *
 * <p>Enters: the links of pods, from the room that keeps topologies; what plugins say about pods.
 * Leaves: the same to the plugins of all members, by the common table {@code meshnet}: {@code
 * pod/<ns>/<name>} is a {@link dev.weft.wire.meshnet.PodState}, and {@code
 * skip/<ns>/<pod>/<uid>/<peer>} says that the pod waits for that peer on that link.
 */
package dev.weft.wire.meshnet;
