"""Phrases by which the text encoder is tuned and tested, with the words that they should become; written before anything was tuned.

A line: phrase: expected words | words that are right as well, and not missed. Nothing expected: it should become no word at all.
"""

TUNE = """
gun shot: shot
a wooden box falls down the stairs: wood impact | roll
heavy rain on a tin roof: rain metal |
someone types an email: typing | key
boots on fresh snow: footstep snow |
a glass bottle breaks: glass | impact
the blacksmith hammers hot iron: strike metal | fire
an old truck drives up the hill: engine |
campfire at night: fire | wood
a basketball bounces in the gym: rubber impact | stone wood
skateboard on concrete: roll stone | rubber wood
drum solo: drum |
a pianist warms up: key |
grenade: explosion | shot
ceiling fan: whirr | wind
autumn gale: wind | rain
walking over gravel: footstep gravel |
super mario: arcade |
plastic cups tumbling over: plastic impact | roll
a marble rolls over the table: roll stone | glass wood
sword fight: metal strike | impact
footsteps in tall grass: footstep grass |
car race: engine |
rocks tumbling down a cliff: stone | roll impact
machine gun fire: shot | fire
thunderstorm: rain | wind
snare and cymbals: drum | metal
burning house: fire |
waves on the beach: water | gravel wind
an axe splits logs: wood strike | impact metal
a laptop keyboard: typing | key
church organ: key |
space invaders: arcade | shot explosion
a propeller plane: whirr engine |
squeaky rubber duck: rubber | plastic
shattering window: glass | impact
quarterly economic report: |
my sister is reading a letter: |
the president of the committee: |
a quiet conversation about love: |
a dog barks at the gate: animal |
the tap drips: water | rain
church bells on sunday: bell |
grandfather clock in the hall: clock | bell wood
"""

TEST = """
a steel door slams in a hall: metal impact |
wooden box: wood |
pistol: shot |
a horse-drawn cart rolls over cobblestones: roll stone | footstep wood
typing fast on an old typewriter: typing | key
drizzle: rain |
someone runs through the forest: footstep | grass wood wind
a bomb goes off: explosion |
motorbike speeding past: engine |
crackling fireplace: fire | wood
electric drill: whirr | engine metal
bongos: drum |
a child plays piano: key |
dropping a wine glass on the floor: glass impact |
crunching snow under your feet: snow footstep | gravel
wind howling through the trees: wind | wood grass
throwing pebbles: gravel stone | impact
a tennis ball hits the wall: rubber impact | strike
lego bricks: plastic | stone
retro video game coins: arcade | metal
knocking on a wooden door: wood strike | impact
iron chain dragged along: metal | roll
shotgun blast: shot | explosion
mowing the lawn: grass | engine whirr
a vase breaks on the tiles: glass impact | stone
volcano erupting with fire: fire explosion | stone
steam locomotive: engine | metal
table fan spinning: whirr | wind
bowling alley: roll | impact wood
storm at sea: wind | rain water
marching soldiers: footstep | shot
hitting a nail with a hammer: strike metal | impact wood
an empty plastic bottle is kicked down the street: plastic impact | roll footstep
walking on wooden planks: footstep wood |
ice cracks on the frozen lake: snow | impact glass
flat tyre: rubber | engine
the meeting was moved to next tuesday: |
a tax on foreign investment: |
poetry and philosophy: |
she thinks of her grandmother: |
seagulls cry over the harbour: animal | water wind
a stone falls into the lake: water stone | impact
bicycle bell: bell | metal engine
alarm goes off at seven: clock | bell
"""


def read_phrases(text):
    """-> list of (phrase, set of expected words, set of words allowed beside them)."""
    out = []
    for line in text.strip().splitlines():
        phrase, words = line.rsplit(":", 1)
        expected, _, allowed = words.partition("|")
        out.append((phrase, set(expected.split()), set(allowed.split())))
    return out


ODD = ["", "...", "42", "Zzyzx qqrx", "METAL, Metal; metal!", "Straßenbahn", "knife-and-fork", "gun-shot", "-rain-", "don't slam the doors", "buses", "running", "hopped", "cities",
       "i̇stanbul \u0130stanbul", "a", "rain\n\tand\u00a0wind", "whirr", "as is us", "glass " * 70 + "rain", " ".join(f"{a}{b}" for a in "abcdefghij" for b in "aeiouy")]
