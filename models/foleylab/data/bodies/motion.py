"""The simulation: MuJoCo moves the solids of a stage, and its contacts become hits (a point of a body meets something) and ways rolled or slid.

mujoco is imported when first used: most of the lab does without. Its own renderer is never touched.
"""
from dataclasses import dataclass

import numpy as np

from foleylab.data.bodies.stages import BOUNCE
from foleylab.data.sound import CURVE_RATE

STEP_HZ = 2 * CURVE_RATE
CONTACT_S = 0.012  # how long a bounce lasts: some steps, or MuJoCo's soft contacts lose or win energy
SPIN_LOSS_HZ = 1.5  # so fast spin fades, that what rolls comes to rest
QUIET_M_S = 0.08  # a slower approach makes no sound
DEBOUNCE_S = 0.05
OVERLAP_M = 0.003
AWAY = (60.0, 0.0, 40.0)  # where what waits out of sight is kept
LASTING = 24  # steps that a contact lasts before it counts as rolling or sliding
ROOM_M = 0.3  # what appears keeps so far from what is there
REST_M_S, REST_S = 0.01, 0.3  # slower than this for so long, with nothing yet to be let go: it stays so


@dataclass
class Hit:
    """Solid `one` begins to touch `other` (None: the floor or what stands still) at `point`, closing by `speed_m_s`; `one` is the lighter."""

    time_s: float
    one: int
    other: int | None
    speed_m_s: float
    point: np.ndarray


@dataclass
class Motion:
    """Places (n, solids, 3), turns (n, solids, 3, 3) and how fast each rolls or slides on what stands still (n, solids; m/s), all at 240 Hz; the hits in order."""

    places: np.ndarray
    turns: np.ndarray
    travel: np.ndarray
    hits: list


def describe(stage):
    """The stage in MuJoCo's XML."""
    still, moving = [], []
    line = lambda values: " ".join(f"{v:.6f}" for v in values)
    stiff = (np.pi / CONTACT_S) ** 2

    def touch(bounce, friction):
        k = -np.log(bounce)
        return f'friction="{friction:.4f} 0.002 0.0001" solref="{-stiff:.1f} {-2 * np.sqrt(stiff) * k / np.hypot(np.pi, k):.3f}"'

    for i, s in enumerate(stage.solids):
        size = line({"box": s.half, "ball": s.half[:1], "cylinder": (s.half[0], s.half[2])}[s.kind])
        shape = f'name="s{i}" type="{"sphere" if s.kind == "ball" else s.kind}" size="{size}" {touch(BOUNCE[s.material] if s.material else 0.9, s.friction)}'
        if s.material is None:
            still.append(f'<geom {shape} pos="{line(s.place)}" quat="{line(s.turn)}"/>')
        elif s.swing:
            moving.append(f'<body name="b{i}" pos="{line(s.place)}"><joint type="hinge" axis="0 1 0" damping="0.002"/>'
                          f'<geom {shape} mass="{s.mass_kg:.5f}" pos="0 0 {-s.swing[0]:.5f}"/></body>')
        else:
            moving.append(f'<body name="b{i}" pos="{line(s.place)}" quat="{line(s.turn)}"><freejoint/><geom {shape} mass="{s.mass_kg:.5f}"/></body>')
    return (f'<mujoco><option timestep="{1 / STEP_HZ:.9f}" gravity="0 0 {-stage.gravity:.4f}" integrator="implicitfast" iterations="30"/>'
            f'<worldbody><geom name="floor" type="plane" size="30 30 1" {touch(0.9, stage.floor_friction)}/>{"".join(still)}{"".join(moving)}</worldbody></mujoco>')


class Holder:
    """Keeps solids that wait where they are, and lets each go when its time comes."""

    def __init__(self, model, data, stage):
        self.data, self.plans = data, []
        self.moving = [model.geom(f"s{i}").id for i, s in enumerate(stage.solids) if s.material]
        for i, s in enumerate(stage.solids):
            if s.material is None or (s.waits == "free" and not (np.any(s.velocity) or np.any(s.spin))):
                continue
            joint = model.body(f"b{i}").jntadr[0]
            q, v = model.jnt_qposadr[joint], model.jnt_dofadr[joint]
            place = np.array([s.swing[1]]) if s.swing else np.array([*s.place, *s.turn])
            hold = np.array([*(np.array(AWAY) + (0, 3.0 * i, 0)), *s.turn]) if s.waits == "away" else place
            speed = np.zeros(1) if s.swing else np.array([*s.velocity, *s.spin])
            self.plans.append((max(1, round(s.release_s * STEP_HZ)), s.waits != "free", slice(q, q + len(place)), slice(v, v + len(speed)), place, hold, speed))

    def free(self, place, hold):
        """Whether nothing is where a solid would appear."""
        if np.abs(place - hold).max() < 1:
            return True
        return np.linalg.norm(self.data.geom_xpos[self.moving] - place[:3], axis=1).min() > ROOM_M

    def apply(self, step):
        for plan in list(self.plans):
            release, held, q, v, place, hold, speed = plan
            if step >= release and self.free(place, hold):
                if held:
                    self.data.qpos[q] = place
                self.data.qvel[v] = speed
                self.plans.remove(plan)
            elif held:
                self.data.qpos[q], self.data.qvel[v] = hold, 0


def turning(model):
    """1 for each degree of freedom of a free body's spin, else 0."""
    out = np.zeros(model.nv)
    for v, kind in zip(model.jnt_dofadr, model.jnt_type, strict=True):
        if kind == 0:  # mjJNT_FREE
            out[v + 3 : v + 6] = 1
    return out


def simulate(stage):
    """-> Motion, or None where solids of the stage stand in one another."""
    import mujoco

    model = mujoco.MjModel.from_xml_string(describe(stage))
    data, n = mujoco.MjData(model), int(stage.duration_s * CURVE_RATE) + 1
    model.dof_damping[:] += SPIN_LOSS_HZ * model.dof_M0 * turning(model)
    names = [model.geom(f"s{i}").id for i in range(len(stage.solids))]
    solid_of = np.full(model.ngeom, -1)
    solid_of[names] = [i if s.material else -1 for i, s in enumerate(stage.solids)]
    places, turns = np.empty((n, model.ngeom, 3), np.float32), np.empty((n, model.ngeom, 9), np.float32)
    speeds, centres = np.empty((2 * n, model.nbody, 6)), np.empty((2 * n, model.nbody, 3))
    steps, pairs, points, normals = [], [], [], []
    holder, moved = Holder(model, data, stage), 0
    holder.apply(-1)
    mujoco.mj_forward(model, data)
    if data.ncon and data.contact.dist.min() < -OVERLAP_M:
        return None
    for i in range(2 * n):
        if holder.plans:
            holder.apply(i)
        mujoco.mj_step(model, data)  # afterwards contacts, places and speeds are those from which it stepped
        speeds[i], centres[i] = data.cvel, data.subtree_com
        if i % 2 == 0:
            places[i // 2], turns[i // 2] = data.geom_xpos, data.geom_xmat
        if data.ncon:
            contact = data.contact
            steps.append(np.full(data.ncon, i))
            pairs.append(contact.geom.copy())
            points.append(contact.pos.copy())
            normals.append(contact.frame[:, :3].copy())
        if holder.plans or np.abs(speeds[i]).max() > REST_M_S:
            moved = i
        elif i - moved > REST_S * STEP_HZ:
            places[i // 2 + 1 :], turns[i // 2 + 1 :] = places[i // 2], turns[i // 2]
            break
    if not steps:
        steps, pairs, points, normals = [np.zeros(0, int)], [np.zeros((0, 2), int)], [np.zeros((0, 3))], [np.zeros((0, 3))]
    table = Contacts(model, solid_of, *map(np.concatenate, (steps, pairs, points, normals)), speeds, centres)
    return Motion(places[:, names], turns[:, names].reshape(n, -1, 3, 3), table.travel(stage, n), table.hits(stage))


class Contacts:
    """All contact points of all steps as one table, with the speeds of both sides there."""

    def __init__(self, model, solid_of, steps, pairs, points, normals, speeds, centres):
        self.steps, self.points, self.sides = steps, points, solid_of[pairs]
        body = model.geom_bodyid[pairs]

        def speed(at, side):
            turn, move = np.split(speeds[steps, body[:, side]], 2, axis=1)
            return move + np.cross(turn, at - centres[steps, body[:, side]])

        meet = speed(points, 0) - speed(points, 1)
        self.closing = (meet * normals).sum(1)
        self.slip = np.linalg.norm(meet - self.closing[:, None] * normals, axis=1)
        moving = np.where(self.sides[:, 0] >= 0, 0, 1)
        self.own = self.sides[np.arange(len(steps)), moving]
        body_centre = centres[steps, body[np.arange(len(steps)), moving]]
        pace = np.where(moving[:, None] == 0, speed(body_centre, 0), speed(body_centre, 1))
        self.pace = np.linalg.norm(pace - (pace * normals).sum(1, keepdims=True) * normals, axis=1)

    def hits(self, stage):
        """Where a point begins to press: the two sides close in fast, and did not the step before. What follows at once on the same pair is its echo."""
        found = []
        solids = stage.solids
        keys = self.sides.min(1) * 1000 + self.sides.max(1)  # -1: the floor and whatever stands still are one
        for key in np.unique(keys):
            rows = np.flatnonzero(keys == key)
            order = rows[np.lexsort((-self.closing[rows], self.steps[rows]))]
            steps, first = np.unique(self.steps[order], return_index=True)
            rows, speed = order[first], self.closing[order[first]]
            before = np.where(np.diff(steps, prepend=-9) == 1, np.r_[0, speed[:-1]], 0)
            last, loud = -1e9, 0.0
            for k in np.flatnonzero((speed > QUIET_M_S) & (before < 0.5 * speed)):
                if steps[k] - last > DEBOUNCE_S * STEP_HZ or speed[k] > 1.5 * loud:
                    last, loud = steps[k], speed[k]
                    pair = [int(v) for v in self.sides[rows[k]] if v >= 0]
                    pair.sort(key=lambda i: solids[i].mass_kg)
                    found.append(Hit(float(steps[k] / STEP_HZ), pair[0], pair[1] if len(pair) > 1 else None, float(speed[k]), self.points[rows[k]]))
        return sorted(found, key=lambda h: (h.time_s, h.one))

    def travel(self, stage, n):
        """How fast each solid rolls or slides over what stands still, (n, solids) at 240 Hz, m/s; 0 in the air and where contacts only flit."""
        out = np.zeros((2 * n, len(stage.solids)), np.float32)
        still = self.sides.min(1) < 0
        rolls = np.array([s.kind != "box" for s in stage.solids])[self.own]
        speed = np.where(rolls, np.maximum(self.slip, self.pace), self.slip)
        touched = np.zeros_like(out)
        touched[self.steps[still], self.own[still]] = 1
        np.maximum.at(out, (self.steps[still], self.own[still]), speed[still])
        box = np.ones(LASTING) / LASTING
        for k in np.flatnonzero(touched.any(0)):
            lasting = np.convolve(touched[:, k], box, "same") > 0.8
            out[:, k] = np.where(lasting & (touched[:, k] > 0), out[:, k], 0)
        return out[::2]
