/**
 * Which pods exist, where they run, and in which network namespace.
 *
 * <p>A pod is a name and a network namespace on one node. Enters: registrations by API, CLI or
 * plugin. Leaves: signed records in the shared table {@code pods}, owned by the pod's node, and the
 * facts {@link dev.weft.pod.PodChanged}. A pod belongs to the node with its highest registration
 * counter; any other node releases it. One that is removed while another node may still have it on
 * disk is noted in {@code pods-removed}, so that it is not there again. Namespaces are opened, used
 * and closed, never held: an open descriptor would keep a deleted namespace alive.
 */
package dev.weft.pod;
