"""Who plays in a scene: makers of actors by what these do, and how often each is drawn."""
from foleylab.data.actors import EVENTFUL, SUSTAINED, FirstPerson
from foleylab.data.animals import Animal
from foleylab.data.bells import bell
from foleylab.data.bodies.room import Bodies
from foleylab.data.clocks import clock
from foleylab.data.games.first_person import FirstPersonGame
from foleylab.data.games.marble import MarbleGame
from foleylab.data.games.platformer import Platformer
from foleylab.data.games.puzzle import Puzzle
from foleylab.data.games.racing import Racing
from foleylab.data.games.side_shooter import SideShooter
from foleylab.data.games.top_down_shooter import TopDownShooter
from foleylab.data.streams import Stream, Surf
from foleylab.data.water import Drips, Splash

KINDS = (  # each kind as often as the others; within it, each maker
    *((actor,) for actor in EVENTFUL),
    (bell,), (clock,), (Drips, Splash), (Animal,),
)
LASTING = (*((actor,) for actor in SUSTAINED), (Stream,), (Surf,))
GAMES = ((Platformer,), (Platformer,), (Puzzle,), (SideShooter,), (TopDownShooter,), (Racing,), (FirstPersonGame,), (FirstPersonGame,), (MarbleGame,))


def draw_from(rng, kinds):
    """A maker of an actor."""
    kind = kinds[rng.integers(len(kinds))]
    return kind[rng.integers(len(kind))]


def draw_cast(rng, config):
    """The makers of the actors of a scene that sounds."""
    if rng.random() < config.game_share:
        return [draw_from(rng, GAMES)]
    chance = rng.random()  # one number decides both, so that the other scenes stay what they were before there were bodies
    if chance < config.first_person_share:
        return [FirstPerson]
    if chance >= 1 - config.bodies_share:
        return [Bodies]
    chosen = [draw_from(rng, LASTING if rng.random() < config.sustained_share else KINDS)]
    if rng.random() < config.second_actor_share:
        chosen.append(draw_from(rng, KINDS if rng.random() < 0.65 else LASTING))
    return chosen
